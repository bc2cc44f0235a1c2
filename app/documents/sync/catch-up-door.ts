import { z } from 'zod';
import {
	readCatchUpAnswer,
	writeCatchUpRequest,
	type CatchUpReply,
	type CatchUpRequest,
} from '#shared/wire/catch-up.ts';
import type { ChangedDocuments } from '#shared/api/replies.ts';
import { ApiError, Offline, type Api } from '#app/net/api.ts';

/** Where the server is asked about many documents at once. */
export interface CatchUpDoor {
	readonly api: Pick<Api, 'fetch'>;
	/** Nothing was answered for this long: the network swallows what is sent. */
	readonly limitMs: number;
}

const changesShape = z.union([
	z.object({ reset: z.literal(true) }),
	z.object({
		documents: z.array(z.object({ name: z.string(), cursor: z.string() })),
		cursor: z.string(),
		more: z.boolean(),
	}),
]) satisfies z.ZodType<ChangedDocuments>;

/** Exchanges up to a hundred documents. Throws an ApiError or Offline; then nothing is known of any. */
export async function exchange(
	door: CatchUpDoor,
	request: CatchUpRequest,
	signal: AbortSignal,
): Promise<readonly CatchUpReply[]> {
	const body = writeCatchUpRequest(request) as Uint8Array<ArrayBuffer>;
	const headers = { 'content-type': 'application/octet-stream' };
	const bytes = await ask(door, '/api/sync/batch', { body, headers }, signal);
	const replies = readCatchUpAnswer(new Uint8Array(bytes));
	if (!replies) throw new Offline({ cause: new Error('the answer is not one, or was cut off') });
	return replies;
}

/** Which documents changed since a cursor; without one, only where to go on from. Throws like `exchange`. */
export async function changedSince(
	door: CatchUpDoor,
	since: string | undefined,
	signal: AbortSignal,
): Promise<ChangedDocuments> {
	const body = JSON.stringify(since === undefined ? {} : { since });
	const headers = { 'content-type': 'application/json' };
	const bytes = await ask(door, '/api/sync/changes', { body, headers }, signal);
	return changesShape.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

async function ask(
	{ api, limitMs }: CatchUpDoor,
	path: string,
	init: RequestInit,
	signal: AbortSignal,
): Promise<ArrayBuffer> {
	const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
	try {
		const response = await api.fetch(path, { method: 'POST', ...init, signal: limited });
		return await response.arrayBuffer();
	} catch (error) {
		signal.throwIfAborted();
		throw error instanceof ApiError || error instanceof Offline
			? error
			: new Offline({ cause: error });
	}
}
