import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { honestHistory, playHistory } from '../property/sync/honest-histories.ts';
import { judgeMutations } from '../property/sync/mutated-updates.ts';
import type { Benchmark } from './benchmark.ts';

const mutations = 1_000_000;
const histories = 10_000;

/** The gate against a million updates that someone tampered with, and ten thousand that nobody did. */
export const fuzz: Benchmark = {
	name: 'fuzz',
	method: `${mutations.toLocaleString('en')} updates, honest and hostile, with a few bytes changed, cut, repeated or mixed, put to the gate in the main thread; what passes is applied as the server does. Then ${histories.toLocaleString('en')} random histories of five tabs of three people: edits, text, undo, reloads, weeks apart. Times are processor time of the thread.`,
	run() {
		const began = process.threadCpuUsage();
		const heapBefore = heapBytes();
		const { faults, slowestMs, verdicts } = judgeMutations(mutations, Date.now());
		const spent = process.threadCpuUsage(began);
		const grown = heapBytes() - heapBefore;
		for (const fault of faults.slice(0, 20)) console.error(fault);
		const played = fc.check(fc.property(honestHistory, playHistory), { numRuns: histories });
		if (played.failed) console.error(fc.defaultReportMessage(played));
		return Promise.resolve([
			{
				what: 'thrown, left pending, or against the rules',
				value: faults.length,
				unit: 'updates',
				bar: { at: 'most', value: 0 },
			},
			{ what: 'slowest', value: slowestMs, unit: 'ms', bar: { at: 'most', value: 100 } },
			{ what: 'on average', value: (spent.user + spent.system) / mutations, unit: 'µs' },
			{
				what: 'memory grown by',
				value: grown / 2 ** 20,
				unit: 'MB',
				bar: { at: 'most', value: 50 },
			},
			...Object.entries(verdicts)
				.sort(([, one], [, other]) => other - one)
				.map(([verdict, value]) => ({ what: `verdict ${verdict}`, value, unit: 'updates' })),
			{
				what: 'honest histories refused',
				value: played.failed ? 1 : 0,
				unit: 'histories',
				bar: { at: 'most', value: 0 },
			},
		]);
	},
};

/** What is in use once everything else was collected. */
function heapBytes(): number {
	setFlagsFromString('--expose-gc');
	(runInNewContext('gc') as () => void)();
	return process.memoryUsage().heapUsed;
}
