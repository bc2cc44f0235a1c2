import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CommandError } from '#shared/api/errors.ts';
import type { TableNouns, Tables } from '../tables.ts';
import type { Answer, Call } from './tables-thread.ts';

const nouns = [
	'runs',
	'predictions',
	'metrics',
	'attempts',
	'batches',
	'blobs',
	'imports',
	'items',
	'submissions',
	'tokens',
	'settings',
	'invites',
	'accounts',
	'projects',
	'members',
	'changes',
	'pushes',
	'snapshots',
] as const satisfies readonly (keyof TableNouns)[];

/** The tables in an SQLite file, served by a worker thread of their own. Rejects when the file cannot be opened. */
export async function openTables(file: string): Promise<Tables> {
	const worker = new Worker(new URL('./tables-thread.ts', import.meta.url), {
		workerData: { file },
	});
	await once(worker, 'message');
	const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
	const listeners = new Set<(projects: readonly string[]) => void>();
	/** What is asked in one turn of the event loop goes together: waking the thread costs more than most answers. */
	let outgoing: Call[] = [];
	let lastId = 0;
	let ended: Error | undefined;

	worker.on('message', (answer: Answer) => {
		const call = waiting.get(answer.id);
		waiting.delete(answer.id);
		if ('failure' in answer) {
			const { code, message } = answer.failure;
			call?.reject(code ? new CommandError(code, message) : new Error(message));
			return;
		}
		call?.resolve(answer.result);
		if (answer.touched.length > 0) for (const listener of listeners) listener(answer.touched);
	});
	worker.on('error', (error) => end(error as Error));
	worker.on('exit', () => end(new Error('the tables are closed')));

	function end(error: Error): void {
		ended ??= error;
		for (const call of waiting.values()) call.reject(ended);
		waiting.clear();
	}

	function send(): void {
		if (outgoing.length === 0) return;
		const calls = outgoing;
		outgoing = [];
		worker.postMessage(calls);
	}

	function call(noun: string, method: string, args: readonly unknown[]): Promise<unknown> {
		if (ended) return Promise.reject(ended);
		return new Promise((resolve, reject) => {
			const id = ++lastId;
			waiting.set(id, { resolve, reject });
			outgoing.push({ id, noun, method, args });
			if (outgoing.length === 1) setImmediate(send);
		});
	}

	const proxies = Object.fromEntries(
		nouns.map((noun) => [
			noun,
			new Proxy(
				{},
				{
					get:
						(_, method) =>
						(...args: unknown[]) =>
							call(noun, String(method), args),
				},
			),
		]),
	) as unknown as TableNouns;

	return {
		...proxies,
		onCommit(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		async close() {
			if (ended) return;
			send();
			const exit = once(worker, 'exit');
			worker.postMessage('close');
			await exit;
		},
	};
}
