import { parentPort } from 'node:worker_threads';
import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { splitUpdate } from '#shared/wire/split-update.ts';
import { hasPending, readDocument, type StoredState } from '../../log/compact-document.ts';
import { inspectUpdate, type GateVerdict } from './inspect-update.ts';

/** An update to judge, and what it is judged against. */
export interface GateJob {
	readonly update: Uint8Array;
	/** The document as it is stored. */
	readonly state: StoredState;
	readonly part: Part;
	readonly user: string;
	readonly owners: ReadonlyMap<number, string>;
	readonly ownClients?: ReadonlySet<number> | undefined;
	/** Whether to say how large the document is with the update in it. */
	readonly isMeasured: boolean;
}

/** A verdict; with what to apply, piece by piece, and how large the document is then. */
export type AsideVerdict =
	| Exclude<GateVerdict, { readonly kind: 'ok' }>
	| (Extract<GateVerdict, { readonly kind: 'ok' }> & {
			readonly pieces: readonly Uint8Array[];
			readonly documentBytes: number | undefined;
	  });

/** Said once the copy stands: from here on it is the client's bytes that take the time. */
export type GateAnswer = 'begun' | AsideVerdict;

const port = parentPort;
if (!port) throw new Error('this program runs as a worker thread');

const answer = (said: GateAnswer): void => port.postMessage(said);

port.on('message', (job: GateJob) => {
	const document = readDocument('a copy', job.state);
	answer('begun');
	answer(judge(document, job));
});

/** Also applies what passed: what takes too long to apply is found out here, and not in the main thread. */
function judge(document: Y.Doc, job: GateJob): AsideVerdict {
	const { update, part, user, owners, ownClients, isMeasured } = job;
	const verdict = inspectUpdate(update, { document, part, user, owners, ownClients });
	if (verdict.kind !== 'ok') return verdict;
	let effect: Uint8Array = Uint8Array.of(0, 0);
	document.on('update', (data: Uint8Array) => (effect = data));
	Y.applyUpdate(document, update);
	if (hasPending(document)) return { kind: 'refuse', refusal: 'malformed' };
	const documentBytes = isMeasured ? Y.encodeStateAsUpdate(document).length : undefined;
	return { ...verdict, pieces: splitUpdate(effect), documentBytes };
}
