import { parseVersion } from './document-version.ts';

/** What the address of a document's socket says of the client, beside the document: `?cursor=…&version=…`. */
export interface ClientAddress {
	/** How far it is; undefined where it says nothing and so hears of no cursors. */
	readonly cursor: string | undefined;
	/** Of what it writes (document-version.ts). */
	readonly version: number;
}

/** Reads the query of an address, given as URLSearchParams. */
export function readClientAddress(query: { get(name: string): string | null }): ClientAddress {
	return {
		cursor: query.get('cursor') ?? undefined,
		version: parseVersion(query.get('version')),
	};
}
