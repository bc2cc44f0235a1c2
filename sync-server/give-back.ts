import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

const lookMs = 2000;
/** Of the time between two looks: above it a thread works, below it it rests. */
const workingShare = 0.1;
const restingShare = 0.02;
/** So many looks in a row find it resting (8 s): who comes back within seconds finds it as it was. */
const restfulLooks = 4;
/** To collect more than this takes longer than anybody should wait. */
const heapLimitBytes = 128 * 1024 * 1024;
/** Of buffers outside the heap: more than a thread needs that has finished a job. */
const bufferLimitBytes = 16 * 1024 * 1024;

/**
 * Gives memory back to the system, once, when this thread rests after it has worked. V8 keeps the room it
 * took under load until it must collect again, and a thread at rest never must. Node has to run with
 * --expose-gc (server-command.ts); without it nothing happens.
 */
export function giveBackAtRest(): void {
	const collect = globalThis.gc;
	if (!collect) return;
	let last = performance.eventLoopUtilization();
	let hasWorked = true;
	let rested = 0;
	setInterval(() => {
		const now = performance.eventLoopUtilization();
		const { utilization } = performance.eventLoopUtilization(now, last);
		last = now;
		if (utilization > workingShare) hasWorked = true;
		rested = utilization > restingShare ? 0 : rested + 1;
		if (!hasWorked || rested < restfulLooks) return;
		if (process.memoryUsage().heapUsed > heapLimitBytes) return;
		hasWorked = false;
		collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
	}, lookMs).unref();
}

/**
 * Lets go of what is left of the large buffers of a job that is done, for a thread that keeps nothing of it.
 * They weigh nothing in the heap: V8 alone collects them when there are 64 MB of them, in each thread.
 */
export function letGoOfBuffers(): void {
	if (getHeapStatistics().external_memory < bufferLimitBytes) return;
	globalThis.gc?.({ type: 'major', execution: 'sync' });
}
