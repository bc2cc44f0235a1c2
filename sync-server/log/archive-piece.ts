import { gunzipSync, gzipSync } from 'node:zlib';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import type { StoredUpdate } from './stored-update.ts';

/**
 * Updates that were folded and are kept for a while: consecutive ones, packed (a fifth of their bytes).
 *
 *     piece  = gzip(version users row*)
 *     users  = count name*
 *     row    = user client+1|0 at data        `at` is the difference to the row before
 *
 * Numbers are lib0's variable-length ones. The sequence numbers count up from the piece's first.
 */
export interface ArchivePiece {
	/** The first and the last update in it. */
	readonly seq: number;
	readonly upTo: number;
	/** When the newest of them was received. */
	readonly at: number;
	/** Of the updates, unpacked. */
	readonly bytes: number;
	readonly data: Uint8Array;
}

const version = 1;
/** A piece is read whole: so much of it lies in memory at once. */
const pieceLimits = { rows: 1000, bytes: 1024 * 1024 } as const;

/** How much of one document's past is kept at most, however long the log keeps it: what a reader has to go through. */
export const archiveLimits = { rows: 100_000, bytes: 64 * 1024 * 1024 } as const;

/** Packs updates in order. Proves that each piece unpacks to what went in; throws where it does not (S8). */
export function packUpdates(updates: readonly StoredUpdate[]): ArchivePiece[] {
	const pieces: ArchivePiece[] = [];
	for (let from = 0; from < updates.length;) {
		let bytes = 0;
		let to = from;
		while (to < updates.length && to - from < pieceLimits.rows && bytes < pieceLimits.bytes)
			bytes += updates[to++]!.data.length;
		const rows = updates.slice(from, to);
		pieces.push(pack(rows, bytes));
		from = to;
	}
	return pieces;
}

function pack(rows: readonly StoredUpdate[], bytes: number): ArchivePiece {
	const users = [...new Set(rows.map(({ user }) => user))];
	const encoder = encoding.createEncoder();
	encoding.writeVarUint(encoder, version);
	encoding.writeVarUint(encoder, users.length);
	for (const user of users) encoding.writeVarString(encoder, user);
	let before = 0;
	for (const { user, client, at, data } of rows) {
		encoding.writeVarUint(encoder, users.indexOf(user));
		encoding.writeVarUint(encoder, client === null ? 0 : client + 1);
		encoding.writeVarInt(encoder, at - before);
		encoding.writeVarUint8Array(encoder, data);
		before = at;
	}
	const seq = rows[0]!.seq;
	const data = new Uint8Array(gzipSync(encoding.toUint8Array(encoder)));
	const again = unpackUpdates({ seq, data });
	if (again.length !== rows.length || !again.every((row, index) => isSame(row, rows[index]!)))
		throw new Error(`Updates from ${seq} on are not what they were when they are unpacked.`);
	const at = rows.reduce((newest, row) => Math.max(newest, row.at), 0);
	return { seq, upTo: rows.at(-1)!.seq, at, bytes, data };
}

function isSame(one: StoredUpdate, other: StoredUpdate): boolean {
	return (
		one.seq === other.seq &&
		one.user === other.user &&
		one.client === other.client &&
		one.at === other.at &&
		Buffer.compare(one.data, other.data) === 0
	);
}

/** The updates of a piece. Throws on bytes that are none. */
export function unpackUpdates({ seq, data }: Pick<ArchivePiece, 'seq' | 'data'>): StoredUpdate[] {
	const decoder = decoding.createDecoder(new Uint8Array(gunzipSync(data)));
	const found = decoding.readVarUint(decoder);
	if (found !== version) throw new Error(`An archive of version ${found} cannot be read.`);
	const users = Array.from({ length: decoding.readVarUint(decoder) }, () =>
		decoding.readVarString(decoder),
	);
	const updates: StoredUpdate[] = [];
	let at = 0;
	while (decoding.hasContent(decoder)) {
		const user = users[decoding.readVarUint(decoder)];
		if (user === undefined) throw new Error('An archived update names nobody.');
		const client = decoding.readVarUint(decoder);
		at += decoding.readVarInt(decoder);
		updates.push({
			seq: seq + updates.length,
			user,
			client: client === 0 ? null : client - 1,
			at,
			data: decoding.readVarUint8Array(decoder).slice(),
		});
	}
	return updates;
}

/** How many of the pieces, from the oldest on, are kept no longer: older than a time, or more than is kept of one document. */
export function expiredPieces(
	pieces: readonly Pick<ArchivePiece, 'seq' | 'upTo' | 'at' | 'bytes'>[],
	before: number,
): number {
	let rows = 0;
	let bytes = 0;
	for (const piece of pieces) {
		rows += piece.upTo - piece.seq + 1;
		bytes += piece.bytes;
	}
	const kept = pieces.findIndex((piece) => {
		const isKept = piece.at >= before && rows <= archiveLimits.rows && bytes <= archiveLimits.bytes;
		rows -= piece.upTo - piece.seq + 1;
		bytes -= piece.bytes;
		return isKept;
	});
	return kept === -1 ? pieces.length : kept;
}
