import { constants, performance, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

const lookMs = 2000;
/** Of the time between two looks: above it a thread works, below it it rests. */
const workingShare = 0.1;
const restingShare = 0.02;
/** So many looks in a row find it resting (8 s): who comes back within seconds finds it as it was. */
const restfulLooks = 4;
/** To go over more than this takes longer than anybody should wait: 145 ms. Garbage costs a fifth of that. */
const heapLimitBytes = 128 * 1024 * 1024;
/** Of buffers outside the heap: more than a thread needs that has finished a job. */
const bufferLimitBytes = 16 * 1024 * 1024;
/** Of objects in the heap, likewise: half of the largest document. */
const jobHeapBytes = 64 * 1024 * 1024;

/** What Node tells of each time V8 collected; its types do not say so. */
interface GcEntry {
	readonly detail: { readonly kind: number };
}

/**
 * Gives memory back to the system, once, when this thread rests after it has worked. V8 keeps the room it
 * took under load until it must collect again, and a thread at rest never must. Node has to run with
 * --expose-gc (server-command.ts); without it nothing happens.
 */
export function giveBackAtRest(): void {
	const collect = globalThis.gc;
	if (!collect) return;
	const liveBytes = watchLiveBytes();
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
		if (liveBytes() > heapLimitBytes) return;
		hasWorked = false;
		collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
	}, lookMs).unref();
}

/**
 * What is in use and no garbage, roughly: it may have doubled since everything was collected last, then V8
 * would have collected again. What is in use in all says little after a storm, which leaves mostly garbage.
 */
function watchLiveBytes(): () => number {
	const used = (): number => getHeapStatistics().used_heap_size;
	let afterCollecting = Infinity;
	new PerformanceObserver((list) => {
		for (const { detail } of list.getEntries() as unknown as readonly GcEntry[])
			if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) afterCollecting = used();
	}).observe({ entryTypes: ['gc'] });
	return () => Math.min(used(), 2 * afterCollecting);
}

/**
 * Lets go of what is left of a job that is done, for a thread that keeps nothing of it. V8 alone lets the heap
 * of such a thread grow far beyond what one job needs, and large buffers weigh nothing in it: it collects them
 * when there are 64 MB of them, in each thread.
 */
export function letGoOfJob(): void {
	const { external_memory: buffers, used_heap_size: heap } = getHeapStatistics();
	if (buffers < bufferLimitBytes && heap < jobHeapBytes) return;
	globalThis.gc?.({ type: 'major', execution: 'sync' });
}
