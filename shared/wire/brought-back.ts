import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/**
 * The body of `POST /api/sync/recovery?document=…`, by which a browser brings back what the server lost:
 *
 *     body := varUint(1) • varUint(version) • varUint(n ≤ 10,000) • n × varUint(client) • varBytes(update)
 *
 * The clients are the sender's own Yjs client ids; what others in the update wrote, and nobody owns any more,
 * is taken as recovered through the sender. The first number is the version of the format, the second of what
 * the client writes (document-version.ts).
 */
export interface BroughtBack {
	readonly version: number;
	readonly ownClients: readonly number[];
	readonly update: Uint8Array;
}

/** `GET /api/sync/recovery?document=…`: the Yjs client ids of a document that are not the caller's. */
export interface LostClients {
	/** Other people's: nothing of theirs is taken from the caller. */
	readonly others: readonly number[];
	/** Brought back already, by anybody. */
	readonly recovered: readonly number[];
}

/** `GET /api/sync/recovered?document=…`: the Yjs client ids of what was brought back to it, at any time. */
export interface RecoveredClients {
	readonly clients: readonly number[];
}

const format = 1;
const clientsLimit = 10_000;

/** Prints a body. */
export function writeBroughtBack({ version, ownClients, update }: BroughtBack): Uint8Array {
	return encoding.encode((out) => {
		encoding.writeVarUint(out, format);
		encoding.writeVarUint(out, version);
		const clients = ownClients.slice(-clientsLimit);
		encoding.writeVarUint(out, clients.length);
		for (const client of clients) encoding.writeVarUint(out, client);
		encoding.writeVarUint8Array(out, update);
	});
}

/** Reads a body; undefined when it is none, whatever the bytes. The update is a view of the body. */
export function readBroughtBack(body: Uint8Array): BroughtBack | undefined {
	try {
		const input = decoding.createDecoder(body);
		if (decoding.readVarUint(input) !== format) return undefined;
		const version = decoding.readVarUint(input);
		const count = decoding.readVarUint(input);
		if (count > clientsLimit) return undefined;
		const ownClients: number[] = [];
		for (let left = count; left > 0; left--) ownClients.push(decoding.readVarUint(input));
		const update = decoding.readVarUint8Array(input);
		return decoding.hasContent(input) ? undefined : { version, ownClients, update };
	} catch {
		return undefined; // lib0 throws on truncated input
	}
}
