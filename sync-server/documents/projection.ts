import type { DocumentName } from '#shared/wire/document-name.ts';

/** One durable entry that was written, with the owner of the client id that wrote it: never a field (S6). */
export interface Entry {
	readonly map: 'submitted' | 'verdict';
	readonly key: string;
	readonly value: unknown;
	readonly user: string;
	/** ISO time at which the server received it. */
	readonly receivedAt: string;
}

export interface ProjectedChange {
	readonly name: string;
	readonly document: DocumentName;
	/** The document is projected up to this sequence number once the change is. */
	readonly upTo: number;
	readonly entries: readonly Entry[];
}

/** Writes what documents say into the tables, with the watermark, in one transaction. Doing it twice changes nothing. */
export interface Projection {
	/** Up to which sequence number a document was projected; 0 where it never was. */
	watermark(document: string): Promise<number>;
	project(change: ProjectedChange): Promise<void>;
	/** How far each document is projected that ever was. */
	allWatermarks(): Promise<readonly { readonly document: string; readonly seq: number }[]>;
	/** The log of a document is shorter than what was projected of it: what it holds from there on is other. */
	rewind(document: string, seq: number): Promise<void>;
}
