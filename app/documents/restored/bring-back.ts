import * as Y from 'yjs';
import { writeBroughtBack, type LostClients } from '#shared/wire/brought-back.ts';
import { documentVersion } from '#shared/wire/document-version.ts';
import { ApiError, type Api } from '#app/net/api.ts';
import { fetchState } from '../sync/fetch-state.ts';
import { inSlices } from '../device/slices.ts';
import { findingRecoverable, type LossySide } from './recoverable-update.ts';

export interface BringBackInput {
	readonly api: Api;
	/** `ws://host/sync` */
	readonly url: string;
	readonly user: string;
	readonly socket?: typeof WebSocket | undefined;
	readonly signal: AbortSignal;
}

export interface LostDocument {
	readonly name: string;
	/** The document as this device has it. */
	readonly doc: Y.Doc;
	/** Yjs client ids that this person wrote it with. */
	readonly ownClients: readonly number[];
}

export type BroughtBackResult =
	/** The server has what it takes; `state` is what it has now. */
	| { readonly kind: 'done'; readonly state: Y.Doc }
	/** It takes nothing of others, and what is one's own over a socket. */
	| { readonly kind: 'not recovering' }
	/** There is no such document any more, or it is not theirs to write. */
	| { readonly kind: 'missing' };

const tries = 3;

/**
 * Brings back to a restored server what this device has of a document and it lost: one's own, and what others
 * wrote whose browsers have not brought it yet (S16). By structs, so that doing it again changes nothing.
 * Throws Offline, and other errors of the server; what it refuses stays where it is.
 */
export async function bringBack(
	{ name, doc, ownClients }: LostDocument,
	{ api, url, user, socket, signal }: BringBackInput,
): Promise<BroughtBackResult> {
	const address = `/api/sync/recovery?document=${encodeURIComponent(name)}`;
	for (let left = tries; ; left--) {
		const clients = await api.get<LostClients>(address, { signal }).catch(unlessOver);
		if (typeof clients === 'string') return { kind: clients };
		const state = await fetchState({ url, name, user, socket, signal });
		const { update } = await inSlices(findingRecoverable(doc, sideOf(state, clients, ownClients)));
		if (!update) return { kind: 'done', state };
		state.destroy();
		const body = writeBroughtBack({ version: documentVersion, ownClients, update });
		try {
			await api.fetch(address, { method: 'POST', body: body as Uint8Array<ArrayBuffer>, signal });
			return { kind: 'done', state: await fetchState({ url, name, user, socket, signal }) };
		} catch (error) {
			// Others bring theirs at the same time: what may be brought has changed.
			const isOvertaken = error instanceof ApiError && error.status === 409;
			if (!isOvertaken) throw error;
			if (left <= 1)
				return { kind: 'done', state: await fetchState({ url, name, user, socket, signal }) };
		}
	}
}

function unlessOver(error: unknown): 'not recovering' | 'missing' {
	if (error instanceof ApiError && error.code === 'not_recovering') return 'not recovering';
	if (error instanceof ApiError && error.status === 404) return 'missing';
	throw error;
}

function sideOf(
	state: Y.Doc,
	{ others, recovered }: LostClients,
	ownClients: readonly number[],
): LossySide {
	const clocks = Y.decodeStateVector(Y.encodeStateVector(state));
	const [isOthers, isRecovered] = [new Set(others), new Set(recovered)];
	const own = new Set(ownClients);
	return {
		clocks,
		state,
		mayBring: (client) => !isOthers.has(client),
		// What the server has and says is nobody else's is ours.
		isOwn: (client) =>
			!isOthers.has(client) && !isRecovered.has(client) && (own.has(client) || clocks.has(client)),
	};
}
