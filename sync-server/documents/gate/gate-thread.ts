import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { splitUpdate } from '#shared/wire/split-update.ts';
import { hasPending, readDocument, type StoredState } from '../../log/compact-document.ts';
import { letGoOfJob } from '../../give-back.ts';
import { serveCalls } from '../../threads/serve-calls.ts';
import { inspectUpdate, type GateVerdict } from './inspect-update.ts';
import { applyUpdate } from './update-decoder.ts';

/** An update to judge. */
export interface GateJob {
	readonly update: Uint8Array;
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

/** What the next update is judged against; gone once that was done. */
let copied: Y.Doc | undefined;

const gate = {
	/** Reads a document as it is stored, to judge an update against. */
	copy(state: StoredState): void {
		copied = readDocument('a copy', state);
	},
	/** The verdict on an update of the document that was copied. */
	judge(job: GateJob): AsideVerdict {
		const document = copied!;
		copied = undefined;
		return judge(document, job);
	},
};
export type GateMethods = typeof gate;

/** Also applies what passed: what takes too long to apply is found out here, and not in the main thread. */
function judge(document: Y.Doc, job: GateJob): AsideVerdict {
	const { update, part, user, owners, ownClients, isMeasured } = job;
	const verdict = inspectUpdate(update, { document, part, user, owners, ownClients });
	if (verdict.kind !== 'ok') return verdict;
	let effect: Uint8Array = Uint8Array.of(0, 0);
	document.on('update', (data: Uint8Array) => (effect = data));
	applyUpdate(document, update);
	if (hasPending(document)) return { kind: 'refuse', refusal: 'malformed' };
	const documentBytes = isMeasured ? Y.encodeStateAsUpdate(document).length : undefined;
	return { ...verdict, pieces: splitUpdate(effect), documentBytes };
}

serveCalls(gate, { answered: letGoOfJob });
