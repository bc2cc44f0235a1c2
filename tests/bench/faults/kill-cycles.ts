import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { WireClient } from '../../integration/sync/wire-client.ts';
import { Flywheel } from '../../support/flywheel.ts';
import type { Figure } from '../benchmark.ts';
import { foldedSoFar, inspectLeftBehind, missingInTables } from './left-behind.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';
import { writersOf, type Writer } from './writer.ts';

const documents = 4;
const writersEach = 3;
/** Between two writes of one writer. */
const pauseMs = 12;
/** The kill falls somewhere in this time of load. */
const longestLoadMs = 700;
/** Every so many times it falls close behind a compaction, so that many cycles begin with a snapshot. */
const compactedEvery = 4;
const longestCompactionMs = 4000;
/** After every so many kills the server is killed once more while it starts. */
const killedStartEvery = 8;
const longestStartMs = 700;
const projectionMs = 10_000;

interface Tally {
	acknowledged: number;
	lost: number;
	damaged: number;
	compactions: number;
	notInTables: number;
	killedStarts: number;
}

/** Kills the server under load, again and again; each time everything that was acknowledged must be there. */
export async function killCycles(count: number): Promise<readonly Figure[]> {
	const flywheel = await Flywheel.startEmpty();
	try {
		const place = await makeWorkplace(flywheel, documents);
		const writers = writersOf(place, writersEach);
		const tally: Tally = {
			...{ acknowledged: 0, lost: 0, damaged: 0 },
			...{ compactions: 0, notInTables: 0, killedStarts: 0 },
		};
		let folded: ReadonlyMap<string, number> = new Map();
		const began = performance.now();
		for (let cycle = 1; cycle <= count; cycle++) {
			const submissions = await killUnderLoad(flywheel, writers.flat(), tally, async () => {
				if (cycle % compactedEvery === 0) await untilCompacted(flywheel);
				await wait(Math.random() * longestLoadMs);
			});
			folded = lookAtFiles(flywheel, folded, tally);
			if (cycle % killedStartEvery === 0) {
				await killWhileStarting(flywheel);
				tally.killedStarts++;
				folded = lookAtFiles(flywheel, folded, tally);
			}
			await flywheel.launch();
			await compare(place, writers, tally);
			tally.notInTables += await untilProjected(flywheel, submissions);
			if (cycle % 20 === 0)
				console.log(
					`  ${cycle} kills, ${tally.acknowledged} acknowledged, ${tally.lost} lost, ${tally.damaged} damaged`,
				);
		}
		return figures(count, tally, faultsIn(flywheel.output), (performance.now() - began) / 1000);
	} finally {
		await flywheel.remove();
	}
}

/** Lets everybody write until the server dies at a moment. Returns the submissions that were acknowledged. */
async function killUnderLoad(
	flywheel: Flywheel,
	writers: readonly Writer[],
	tally: Tally,
	moment: () => Promise<void>,
): Promise<readonly string[]> {
	for (const broken of await Promise.all(writers.map((writer) => writer.connect()))) {
		if (!broken) throw new Error('the server did not let a writer in');
		tally.lost += broken.length;
	}
	const writing = writers.map((writer) => writer.writeOn(pauseMs));
	await moment();
	await flywheel.kill();
	await Promise.all(writing);
	const submissions = await Promise.all(writers.map((writer) => writer.end()));
	tally.acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
	return submissions.flat();
}

async function untilCompacted(flywheel: Flywheel): Promise<void> {
	const folder = join(flywheel.home, 'data');
	const before = foldedSoFar(folder);
	const deadline = performance.now() + longestCompactionMs;
	while (foldedSoFar(folder) === before && performance.now() < deadline) await wait(5);
}

async function killWhileStarting(flywheel: Flywheel): Promise<void> {
	const starting = flywheel.launch().catch(() => undefined);
	await wait(Math.random() * longestStartMs);
	await flywheel.kill();
	await starting;
}

function lookAtFiles(
	flywheel: Flywheel,
	before: ReadonlyMap<string, number>,
	tally: Tally,
): ReadonlyMap<string, number> {
	const { damaged, folded } = inspectLeftBehind(join(flywheel.home, 'data'));
	for (const line of damaged) console.error(line);
	tally.damaged += damaged.length;
	for (const [name, seq] of folded) if (seq > (before.get(name) ?? 0)) tally.compactions++;
	return folded;
}

/** Reads every document as a client does and compares it with what its writers were promised. */
async function compare(
	place: Workplace,
	writers: readonly (readonly Writer[])[],
	tally: Tally,
): Promise<void> {
	await Promise.all(
		place.documents.map(async (document, index) => {
			const reader = await WireClient.join(place.url(document));
			if (reader.document.store.pendingStructs || reader.document.store.pendingDs) tally.damaged++;
			for (const writer of writers[index]!) {
				const broken = writer.broken(reader.document);
				if (broken.length > 0) console.error(`lost in ${document}: ${broken.join(', ')}`);
				tally.lost += broken.length;
			}
			await reader.close();
		}),
	);
}

/** Waits until the tables hold these submissions; how many they do not hold in the end. */
async function untilProjected(flywheel: Flywheel, submissions: readonly string[]): Promise<number> {
	const folder = join(flywheel.home, 'data');
	const deadline = performance.now() + projectionMs;
	let missing = missingInTables(folder, submissions);
	while (missing.length > 0 && performance.now() < deadline) {
		await wait(20);
		missing = missingInTables(folder, missing);
	}
	return missing.length;
}

/** What a server logged as an error: it is killed, and nothing else happens to it. */
function faultsIn(output: string): number {
	const faults = output.split('\n').filter((line) => /^{"level":[56]0/.test(line));
	for (const line of faults.slice(0, 5)) console.error(line);
	return faults.length;
}

function figures(count: number, tally: Tally, faults: number, seconds: number): readonly Figure[] {
	const none = { at: 'most', value: 0 } as const;
	return [
		{ what: 'kill -9 under load', value: count, unit: 'times' },
		{ what: 'kill -9 while starting', value: tally.killedStarts, unit: 'times' },
		{ what: 'acknowledged writes', value: tally.acknowledged, unit: 'writes' },
		{ what: 'keys that hold less than was acknowledged', value: tally.lost, unit: '', bar: none },
		{ what: 'files or documents damaged', value: tally.damaged, unit: '', bar: none },
		{
			what: 'acknowledged submissions not in the tables',
			value: tally.notInTables,
			unit: '',
			bar: none,
		},
		{ what: 'errors that the server logged', value: faults, unit: '', bar: none },
		{ what: 'cycles in which a document was compacted', value: tally.compactions, unit: '' },
		{ what: 'all kills took', value: seconds, unit: 's' },
	];
}
