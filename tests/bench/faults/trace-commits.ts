import { createReadStream } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { WireClient } from '../../integration/sync/wire-client.ts';
import { Flywheel } from '../../support/flywheel.ts';
import { quantile, type Figure } from '../benchmark.ts';
import { markOf, payloadOf, readCommitOrder, type CommitOrder } from './commit-order.ts';
import { attachStrace } from './strace.ts';
import { makeWorkplace } from './workplace.ts';

const updates = 2000;
const writers = 5;
const pauseMs = 2;

/** Proves from the kernel's side that nothing is told of an update before its fsync has returned. */
export async function traceCommits(): Promise<readonly Figure[]> {
	const flywheel = await Flywheel.startEmpty();
	const folder = await mkdtemp(join(tmpdir(), 'trace-'));
	try {
		const place = await makeWorkplace(flywheel, 1);
		const url = place.url(place.documents[0]!);
		const trace = join(folder, 'trace');
		const calls = 'write,writev,sendmsg,sendto,pwrite64,fsync,fdatasync';
		const strace = await attachStrace(flywheel.pid, [
			...['-ttt', '-y', '-s', '1000000', '-e', `trace=${calls}`, '-e', 'signal=none'],
			...['-o', trace],
		]);
		const heard = await write(url);
		await strace.stop();
		const log = join(await realpath(flywheel.home), 'data', 'updates.db-wal');
		const lines: string[] = [];
		for await (const line of createInterface({ input: createReadStream(trace) })) lines.push(line);
		return figures(readCommitOrder(lines, log), heard);
	} finally {
		await flywheel.remove();
		await rm(folder, { recursive: true });
	}
}

/** Writes marked updates, each with a barrier; how many acknowledgements were heard. */
async function write(url: string): Promise<number> {
	const clients = await Promise.all(Array.from({ length: writers }, () => WireClient.join(url)));
	for (let number = 0; number < updates; number++) {
		const client = clients[number % writers]!;
		client.edit((document) =>
			document.getMap('draft').set(`t${number % 50}/v/tone`, markOf(number)),
		);
		client.send({ kind: 'barrier', payload: new TextEncoder().encode(payloadOf(number)) });
		await wait(pauseMs * 2 * Math.random());
	}
	const acknowledged = () =>
		clients.flatMap(({ heard }) => heard.filter(({ kind }) => kind === 'barrier')).length;
	await Promise.all(
		clients.map((client) =>
			client.until(
				() => client.heard.filter(({ kind }) => kind === 'barrier').length >= updates / writers,
			),
		),
	);
	const heard = acknowledged();
	for (const client of clients) await client.close();
	return heard;
}

function figures(order: CommitOrder, heard: number): readonly Figure[] {
	for (const line of order.violations.slice(0, 10)) console.error(line);
	return [
		{
			what: 'traced: updates whose fsync, broadcast and acknowledgement follow each other',
			value: order.proven,
			unit: 'updates',
			bar: { at: 'least', value: updates },
		},
		{
			what: 'traced: acknowledgements that clients heard and the trace does not have',
			value: heard - order.acknowledgements,
			unit: '',
			bar: { at: 'most', value: 0 },
		},
		{
			what: 'traced: broadcasts and acknowledgements before their fsync',
			value: order.violations.length,
			unit: '',
			bar: { at: 'most', value: 0 },
		},
		{
			what: 'traced: from fsync to broadcast, p50 (slowed by the tracing)',
			value: quantile(order.fsyncToBroadcastMs, 0.5),
			unit: 'ms',
		},
	];
}
