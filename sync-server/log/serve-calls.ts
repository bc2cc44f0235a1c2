import { parentPort } from 'node:worker_threads';
import { giveBackAtRest } from '../give-back.ts';
import { buffersOf } from './buffers-of.ts';
import { UnreadableDocument } from './update-log.ts';

export interface ThreadCall {
	readonly id: number;
	readonly method: string;
	readonly args: readonly unknown[];
}
export type ThreadAnswer =
	| { readonly id: number; readonly result: unknown }
	| { readonly id: number; readonly failure: string; readonly isUnreadable: boolean };

/**
 * Serves the methods of an object to the thread that started this one, one call after the other. What they
 * answer is given away: bytes are handed over, not copied, and no method keeps any of them.
 */
export function serveCalls(
	methods: object,
	then: {
		/** After every answer. */
		readonly answered?: () => void;
		/** Once nothing more is asked. */
		readonly close?: () => void;
	} = {},
): void {
	const port = parentPort;
	if (!port) throw new Error('this program runs as a worker thread');
	const table = methods as Record<string, (...args: readonly unknown[]) => unknown>;

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
			const failure = error instanceof Error ? error.message : String(error);
			return { id, failure, isUnreadable: error instanceof UnreadableDocument };
		}
	}
}
