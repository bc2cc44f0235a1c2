import type { Benchmark, Figure } from './benchmark.ts';
import { diskTroubles, fullDisk, notDone } from './faults/disk-troubles.ts';
import { killCycles } from './faults/kill-cycles.ts';
import { NotPossible } from './faults/strace.ts';
import { traceCommits } from './faults/trace-commits.ts';

const kills = 200;

const parts: readonly { readonly name: string; readonly run: () => Promise<readonly Figure[]> }[] =
	[
		{ name: 'system-call trace', run: traceCommits },
		{ name: 'EIO, stalled disk, limits', run: diskTroubles },
		{ name: 'full disk', run: fullDisk },
		{ name: 'kills', run: () => killCycles(kills) },
	];

/** What disks and kills can do to what was acknowledged. */
export const faults: Benchmark = {
	name: 'faults',
	method: `On the real server. A system-call trace of 2,000 updates: the fsync that covers an update returned before its broadcast and its acknowledgement were written. Then twelve clients write in four documents (small values, deletions, submissions, updates above 64 kB) while the kernel answers the log's, or the tables', fsyncs and writes with EIO, late, or not beyond a size, and on a full disk; then kill -9. Then ${kills} times kill -9 at a moment that nobody chose, every fourth time after a compaction, every eighth time once more while it starts; each time the files are checked, every document is read, and every acknowledged write, also one that was served since, must be there and its submissions in the tables. What this machine does not permit is named.`,
	async run() {
		const figures: Figure[] = [];
		for (const { name, run } of parts) {
			console.log(`  ${name} …`);
			try {
				figures.push(...(await run()));
			} catch (error) {
				if (!(error instanceof NotPossible)) throw error;
				figures.push(notDone(name, error));
			}
		}
		return figures;
	},
};
