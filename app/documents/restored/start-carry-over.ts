import { ApiError, Offline, type Api } from '#app/net/api.ts';
import { Bell } from '#app/net/bell.ts';
import { fullJitterMs } from '#app/net/jitter.ts';
import { lead } from '#app/replica/leadership.ts';
import { bringBack, type LostDocument } from './bring-back.ts';
import { bringBackHere, carryOver } from './carry-over.ts';
import type { Documents } from '../documents.ts';

export interface CarryOverOptions {
	readonly epoch: string;
	readonly api: Api;
	/** When the server lost something that it takes back, as it says of itself; undefined while that is unknown. */
	readonly recovers: () => string | undefined;
	/** Where the server is; the page's own origin unless told. */
	readonly origin?: string;
	readonly socket?: typeof WebSocket;
	readonly random?: () => number;
	/** When it looks again for what others had to bring first. */
	readonly againMs?: number;
	readonly locks?: LockManager;
}

export interface CarryingOver {
	/** The server answers, or says that it lost something: look now. */
	wake(): void;
	stop(): void;
}

/** Not all browsers at the moment the server is back. */
const firstMs = 5_000;
const pauseLimitMs = 60_000;
const againMs = 10 * 60_000;

/**
 * Brings what a restored server lost back to it, in the background and in one tab: from earlier databases of
 * this person, and from this one where the server was put back under it. Goes on until nothing is left.
 */
export function startCarryOver(documents: Documents, options: CarryOverOptions): CarryingOver {
	const { epoch, api, random, socket } = options;
	const bell = new Bell();
	const url = `${(options.origin ?? location.origin).replace(/^http/, 'ws')}/sync`;
	const jitter = { ...(random && { random }), limitMs: pauseLimitMs, baseMs: firstMs };

	const pass = async (signal: AbortSignal): Promise<number> => {
		const bring = (lost: LostDocument) =>
			bringBack(lost, { api, url, user: documents.user, socket, signal });
		const recovers = options.recovers();
		if (recovers !== undefined) await bringBackHere(documents, recovers, bring);
		const { waiting } = await carryOver(documents, { epoch, signal, bringBack: bring });
		return waiting;
	};

	const stop = lead(
		`${documents.replica.name}:carry-over`,
		async (signal) => {
			for (let failures = 0; !signal.aborted;) {
				// Whatever rings: not all browsers at one moment.
				await new Bell().wait(fullJitterMs(failures, jitter), signal);
				if (signal.aborted) return;
				try {
					const waiting = await pass(signal);
					failures = 0;
					// Otherwise until somebody says that there is something to do.
					await bell.wait(waiting > 0 ? (options.againMs ?? againMs) : 2 ** 31 - 1, signal);
				} catch (error) {
					if (signal.aborted) return;
					const isPassing = error instanceof Offline || error instanceof ApiError;
					if (!isPassing) reportError(error);
					failures++;
				}
			}
		},
		options.locks ?? navigator.locks,
	);
	return { wake: () => bell.ring(), stop };
}
