import * as Y from 'yjs';
import { WireClient } from '../integration/sync/wire-client.ts';
import { Flywheel } from '../support/flywheel.ts';
import type { Benchmark } from './benchmark.ts';
import { lines, makeProject } from './project.ts';
import { residentMb, watchMemory } from './resident-memory.ts';

const documents = 10_000;
const warmUp = 600;
const atOnce = 20;
const stalledReaders = 10;
/** Threads that have nothing to do end after 30 s. */
const quietMs = 35_000;

/** Whether memory comes back: after many documents, and with readers that do not read. */
export const manyDocuments: Benchmark = {
	name: 'documents',
	method: `The real server: ${documents.toLocaleString('en')} documents (three of each batch) are opened, written to, acknowledged and closed, ${atOnce} at a time; resident memory by the kernel once nobody has one open and 35 s have passed, against the same after the first ${warmUp}. Then ${stalledReaders} readers ask for a document of 6 MB 20 times each and read nothing, while somebody writes 6 MB more; the growth at its peak, for each of them.`,
	async run() {
		const flywheel = await Flywheel.startEmpty();
		try {
			const project = await makeProject(flywheel, 'Documents');
			await flywheel.importLines(project, lines(10));
			const urls = await makeDocuments(flywheel, project);
			await openAll(urls.slice(0, warmUp));
			await pass(quietMs);
			const start = residentMb(flywheel.pid);
			const peak = watchMemory(flywheel.pid);
			const began = performance.now();
			await openAll(urls.slice(warmUp));
			const seconds = (performance.now() - began) / 1000;
			const highest = peak();
			await pass(quietMs);
			const end = residentMb(flywheel.pid);
			const each = await stalledReaderMb(
				flywheel,
				urls.find((url) => url.includes('/answers?'))!,
			);
			return [
				{ what: 'after the first documents', value: start, unit: 'MB' },
				{ what: 'peak meanwhile', value: highest, unit: 'MB' },
				{ what: 'after all of them', value: end, unit: 'MB' },
				{
					what: 'grown to',
					value: (100 * end) / start,
					unit: '%',
					bar: { at: 'most', value: 120 },
				},
				{ what: 'opened, written and closed', value: documents / seconds, unit: '/s' },
				{
					what: 'for each reader that does not read',
					value: each,
					unit: 'MB',
					bar: { at: 'most', value: 16 },
				},
			];
		} finally {
			await flywheel.remove();
		}
	},
};

/** Makes batches until they have that many documents; answers their addresses. */
async function makeDocuments(flywheel: Flywheel, project: string): Promise<string[]> {
	const urls: string[] = [];
	while (urls.length < documents + warmUp) {
		const [batch] = await flywheel.makeBatches(project, { items: ['t1'], members: ['owner'] });
		for (const part of ['answers', 'verdicts', 'notes'])
			urls.push(
				`${flywheel.direct.replace('http', 'ws')}/sync/${project}/${batch}/${part}?token=${flywheel.token}`,
			);
	}
	return urls;
}

async function openAll(urls: readonly string[]): Promise<void> {
	const left = [...urls];
	await Promise.all(
		Array.from({ length: atOnce }, async () => {
			let url: string | undefined;
			while ((url = left.pop()) !== undefined) await openOne(url);
		}),
	);
}

async function openOne(url: string): Promise<void> {
	const client = await WireClient.join(url);
	// Only answers take drafts; the others are opened and read.
	if (url.includes('/answers?')) await write(client, 't1/v/tone', 'warm');
	await client.close();
}

async function write(client: WireClient, key: string, value: string): Promise<void> {
	client.edit((document) => document.getMap('draft').set(key, value));
	const answer = await client.barrier();
	if (answer !== 'saved') throw new Error(`the server answered ${JSON.stringify(answer)}`);
}

async function stalledReaderMb(flywheel: Flywheel, url: string): Promise<number> {
	const text = 'x'.repeat(30_000);
	const writer = await WireClient.join(url);
	const writeOne = (index: number): Promise<void> =>
		write(writer, `t${index % 200}/v/tone`, `${index}${text}`);
	for (let index = 0; index < 200; index++) await writeOne(index);
	// One that reads: what it takes to tell it is there once, and not for each.
	await (await WireClient.join(url)).close();
	const before = residentMb(flywheel.pid);
	const peak = watchMemory(flywheel.pid);
	const readers = Array.from({ length: stalledReaders }, () => new WireClient(url));
	for (const reader of readers) {
		await reader.opened();
		reader.pause(true);
		for (let asked = 0; asked < 20; asked++)
			reader.send({ kind: 'step1', stateVector: Y.encodeStateVector(reader.document) });
	}
	for (let index = 0; index < 200; index++) await writeOne(index);
	const highest = peak();
	for (const reader of readers) {
		reader.pause(false);
		await reader.close();
	}
	await writer.close();
	return (highest - before) / stalledReaders;
}

function pass(ms: number): Promise<void> {
	return new Promise((done) => setTimeout(done, ms));
}
