import type { GateVerdict } from '../gate/inspect-update.ts';

/** Who writes, and whether they may by the time it is applied. */
export interface Writer {
	readonly user: string;
	/** Of what their client writes (shared/wire/document-version.ts). */
	readonly version: number;
	/** Set where it brings back what the server lost (S16): the client ids that are the sender's own. */
	readonly ownClients?: ReadonlySet<number>;
	readonly mayWrite: () => boolean;
}

/** What became of a write. */
export type WriteVerdict =
	| Exclude<GateVerdict, { kind: 'copy' }>
	/** The client is too old for this document: it keeps what it sent, and brings it once it is updated (S12). */
	| { readonly kind: 'outdated' };
