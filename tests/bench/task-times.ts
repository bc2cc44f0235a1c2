import type { Browser } from 'playwright';

interface TraceEvent {
	readonly name: string;
	readonly pid: number;
	readonly tid: number;
	/** Processor time in µs. */
	readonly tdur?: number;
	readonly args: { readonly name?: string };
}

/**
 * Notes every task of every page until the function it answers is called; that one answers the most processor
 * time, in ms, that a task of a page took. A task lasts longer where others have the processor meanwhile.
 */
export async function watchTaskTimes(browser: Browser): Promise<() => Promise<number>> {
	await browser.startTracing(undefined, { categories: ['toplevel'] });
	return async () => {
		const trace = await browser.stopTracing();
		const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
		const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
		const pages = new Set(
			traceEvents
				.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
				.map(threadOf),
		);
		const tasks = traceEvents.filter(
			(event) => event.name.endsWith('RunTask') && pages.has(threadOf(event)),
		);
		if (tasks.length === 0) throw new Error('the browser noted no task of a page');
		return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
	};
}
