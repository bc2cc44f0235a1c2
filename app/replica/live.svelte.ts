import { liveQuery, type Subscription } from 'dexie';
import { createSubscriber } from 'svelte/reactivity';
import { untrack } from 'svelte';

export interface LiveRows<T> {
	/** The newest result; `initial` until the first one is there. */
	readonly current: T;
	readonly isLoaded: boolean;
}

/**
 * A query over the replica that runs again whenever rows it read have changed, in any tab, or reactive
 * state that it read before its first `await`. It lives as long as something reactive reads it, and may
 * be made anywhere. A query that throws leaves the last result and the error goes to the page's error
 * handler.
 */
export function liveRows<T>(query: () => Promise<T> | T, initial: T): LiveRows<T> {
	let current = initial;
	let isLoaded = false;

	const subscribe = createSubscriber((update) => {
		let isStopped = false;
		let subscription: Subscription | undefined;
		let forget = () => {};
		const start = () => {
			subscription?.unsubscribe();
			subscription = liveQuery(async () => {
				forget();
				const [result, stop] = tracked(query, () => queueMicrotask(() => isStopped || start()));
				forget = stop;
				if (isStopped) stop();
				return result;
			}).subscribe({
				next: (value) => {
					current = value;
					isLoaded = true;
					update();
				},
				error: (error) => reportError(error),
			});
		};
		start();
		return () => {
			isStopped = true;
			subscription?.unsubscribe();
			forget();
		};
	});

	return {
		get current() {
			subscribe();
			return current;
		},
		get isLoaded() {
			subscribe();
			return isLoaded;
		},
	};
}

/** Runs the query once, now, and calls `onChange` when reactive state that it read has changed. */
function tracked<T>(
	query: () => Promise<T> | T,
	onChange: () => void,
): [Promise<T> | T, () => void] {
	let isFirst = true;
	let outcome!: { result: Promise<T> | T } | { error: unknown };
	const stop = $effect.root(() => {
		// A pre-effect in a root runs at once, within the zone in which Dexie notes what is read.
		$effect.pre(() => {
			if (!isFirst) return untrack(onChange);
			isFirst = false;
			try {
				outcome = { result: query() };
			} catch (error) {
				outcome = { error };
			}
		});
	});
	if ('result' in outcome) return [outcome.result, stop];
	stop();
	throw outcome.error;
}
