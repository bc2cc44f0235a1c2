import type { Benchmark } from './benchmark.ts';
import { killCycles } from './faults/kill-cycles.ts';

const kills = 200;

/** What disks and kills can do to what was acknowledged. */
export const faults: Benchmark = {
	name: 'faults',
	method: `${kills} times: twelve clients write in four documents of the real server (small values, deletions, submissions, updates above 64 kB), kill -9 at a moment that nobody chose, every fourth time after a compaction, every eighth time once more while it starts; then the files are checked, every document is read, and every acknowledged write, also one that was served since, must be there and its submissions in the tables.`,
	async run() {
		return [...(await killCycles(kills))];
	},
};
