import { parentPort } from 'node:worker_threads';
import { giveBackAtRest } from '../give-back.ts';
import { buffersOf } from './buffers-of.ts';

export interface ThreadCall {
	readonly id: number;
	readonly method: string;
	readonly args: readonly unknown[];
}
/** What a method threw: errors lose their class on the way, a code stays. */
export interface ThreadFailure {
	readonly message: string;
	readonly code?: string | undefined;
}
export type ThreadAnswer =
	| { readonly id: number; readonly result: unknown }
	| { readonly id: number; readonly failure: ThreadFailure };

/**
 * Serves the methods of an object to the thread that started this one, one call after the other. What they
 * answer is given away: bytes are handed over, not copied, and no method keeps any of them.
 */
export function serveCalls(
	methods: object,
	then: {
		/** What the caller is told of something thrown; its message alone without this. */
		readonly failure?: (error: unknown) => ThreadFailure;
		/** After every answer. */
		readonly answered?: () => void;
		/** Once nothing more is asked. */
		readonly close?: () => void;
	} = {},
): void {
	const port = parentPort;
	if (!port) throw new Error('this program runs as a worker thread');
	const table = methods as Record<string, (...args: readonly unknown[]) => unknown>;
	const failureOf = then.failure ?? ((error) => ({ message: messageOf(error) }));

	port.on('message', (calls: readonly ThreadCall[] | 'close') => {
		if (calls !== 'close') {
			for (const call of calls) {
				const given = answer(call);
				port.postMessage(given, 'result' in given ? buffersOf(given.result) : []);
				then.answered?.();
			}
			return;
		}
		then.close?.();
		port.close();
	});
	giveBackAtRest();
	port.postMessage('ready');

	function answer({ id, method, args }: ThreadCall): ThreadAnswer {
		try {
			return { id, result: table[method]!(...args) };
		} catch (error) {
			return { id, failure: failureOf(error) };
		}
	}
}

/** The words of something thrown. */
export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
