import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Flywheel } from '../../support/flywheel.ts';
import { makeSmallDisk } from '../../support/small-disk.ts';
import type { Figure } from '../benchmark.ts';
import { watchMemory } from '../resident-memory.ts';
import { inspectLeftBehind } from './left-behind.ts';
import { NotPossible } from './strace.ts';
import { troubles, type Trouble } from './troubles.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';
import { writersOf, type Writer } from './writer.ts';

const documents = 4;
const writersEach = 3;
const pauseMs = 12;
/** What was on its way when a trouble began has been acknowledged by then. */
const settleMs = 300;
const recoveryLimitMs = 30_000;
const smallDiskBytes = 48 << 20;
const none = { at: 'most', value: 0 } as const;

/** Puts a running server through each trouble under load; then it is killed and what was acknowledged must be there. */
export async function diskTroubles(): Promise<readonly Figure[]> {
	const flywheel = await Flywheel.startEmpty();
	try {
		return await goThrough(flywheel, troubles);
	} finally {
		await flywheel.remove();
	}
}

/** The same on a disk that is full. Throws NotPossible where none can be made. */
export async function fullDisk(): Promise<readonly Figure[]> {
	const home = await mkdtemp(join(tmpdir(), 'full-disk-'));
	const disk = makeSmallDisk(home, smallDiskBytes);
	try {
		if (!disk.isReal)
			throw new NotPossible(
				'a small file system can be mounted by root only, and not in every container',
			);
		const flywheel = await Flywheel.startEmpty({ home });
		const trouble: Trouble = {
			name: 'full disk',
			forMs: 4000,
			stopsAll: false,
			async begin({ pid }) {
				const free = await disk.fill(pid);
				return async () => {
					await free();
					return NaN;
				};
			},
		};
		try {
			return await goThrough(flywheel, [trouble]);
		} finally {
			await flywheel.remove();
		}
	} finally {
		disk.remove();
		await rm(home, { recursive: true, force: true });
	}
}

async function goThrough(
	flywheel: Flywheel,
	those: readonly Trouble[],
): Promise<readonly Figure[]> {
	const place = await makeWorkplace(flywheel, documents);
	const writers = writersOf(place, writersEach);
	const figures: Figure[] = [];
	for (const trouble of those)
		figures.push(...(await meet(flywheel, place, writers.flat(), trouble)));
	await flywheel.kill();
	const { damaged } = inspectLeftBehind(join(flywheel.home, 'data'));
	for (const line of damaged) console.error(line);
	await flywheel.launch();
	let lost = 0;
	for (const writer of writers.flat()) {
		lost += (await writer.connect())?.length ?? 1;
		await writer.close();
	}
	const after =
		those.length === 1 ? `${those[0]!.name}, then kill -9` : 'after all of these, kill -9';
	return [
		...figures,
		{ what: `${after}: keys lost`, value: lost, unit: '', bar: none },
		{ what: `${after}: damaged`, value: damaged.length, unit: '', bar: none },
	];
}

async function meet(
	flywheel: Flywheel,
	place: Workplace,
	writers: readonly Writer[],
	trouble: Trouble,
): Promise<readonly Figure[]> {
	const load = keepWriting(writers);
	try {
		await untilAcknowledged(writers, 5);
		const data = join(await realpath(flywheel.home), 'data');
		const peak = watchMemory(flywheel.pid);
		const end = await trouble.begin({ pid: flywheel.pid, data });
		await wait(settleMs);
		const before = total(writers);
		const slowestMs = await slowestRead(flywheel, place, trouble.forMs);
		const during = total(writers) - before;
		const bar = trouble.stopsAll ? { bar: none } : {};
		const met = await end();
		const recoveredMs = await untilAcknowledged(writers, 5);
		return [
			...(Number.isNaN(met)
				? []
				: [
						{
							what: `${trouble.name}: calls met`,
							value: met,
							unit: '',
							bar: { at: 'least', value: 1 } as const,
						},
					]),
			{ what: `${trouble.name}: acknowledged meanwhile`, value: during, unit: 'writes', ...bar },
			{ what: `${trouble.name}: slowest page meanwhile`, value: slowestMs, unit: 'ms' },
			{ what: `${trouble.name}: memory at most`, value: peak(), unit: 'MB' },
			{
				what: `${trouble.name}: everybody acknowledged again after`,
				value: recoveredMs,
				unit: 'ms',
				bar: { at: 'most', value: recoveryLimitMs },
			},
			{ what: `${trouble.name}: keys lost`, value: load.lost(), unit: '', bar: none },
		];
	} catch (error) {
		if (!(error instanceof NotPossible)) throw error;
		return [notDone(trouble.name, error)];
	} finally {
		await load.stop();
	}
}

/** A line of the table for what this machine does not let one do. */
export function notDone(what: string, { message }: NotPossible): Figure {
	return { what: `not done: ${what}: ${message}`, value: 1, unit: 'part' };
}

/** Everybody writes, and comes again when cut off. */
function keepWriting(writers: readonly Writer[]): { lost(): number; stop(): Promise<void> } {
	let isOver = false;
	let lost = 0;
	const writing = writers.map(async (writer) => {
		while (!isOver) {
			const broken = await writer.connect();
			if (!broken) {
				await wait(100 * (0.5 + Math.random()));
				continue;
			}
			for (const key of broken) console.error(`lost: ${key}`);
			lost += broken.length;
			await writer.writeOn(pauseMs, () => isOver);
		}
		await writer.close();
	});
	return {
		lost: () => lost,
		async stop() {
			isOver = true;
			await Promise.all(writing);
		},
	};
}

function total(writers: readonly Writer[]): number {
	return writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
}

/** Waits until everybody had so many more writes acknowledged; how long that took, in milliseconds. */
async function untilAcknowledged(writers: readonly Writer[], more: number): Promise<number> {
	const began = performance.now();
	const before = writers.map(({ acknowledged }) => acknowledged);
	while (performance.now() - began < recoveryLimitMs) {
		if (writers.every(({ acknowledged }, index) => acknowledged >= before[index]! + more)) break;
		await wait(10);
	}
	return performance.now() - began;
}

/** Asks for a small page again and again; the longest wait, in milliseconds. */
async function slowestRead(flywheel: Flywheel, place: Workplace, forMs: number): Promise<number> {
	const began = performance.now();
	let slowest = 0;
	while (performance.now() - began < forMs) {
		const asked = performance.now();
		await flywheel.call('GET', `/api/batches/${place.batches[0]!}/items`);
		slowest = Math.max(slowest, performance.now() - asked);
		await wait(20);
	}
	return slowest;
}
