import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/**
 * The bodies of `POST /api/sync/batch`, by which a client brings up to date many documents that nobody looks
 * at, without a socket for each:
 *
 *     request := varUint(1) • varUint(version) • varUint(n ≤ 100) • n × ask  each document once
 *     ask     := varString(name ≤ 200) • varString(cursor ≤ 64) • varBytes(stateVector) • varBytes(update)
 *     answer  := varUint(1) • varUint(n) • n × (varString(name) • reply)     in the order of the asks
 *     reply   := varUint(0) • varString(cursor) • varUint(k) • k × varBytes(update)     level
 *              | varUint(1)                                                  resync
 *              | varUint(2) • varUint(code) • varString(reason)              refused
 *              | varUint(3)                                                  missing
 *              | varUint(4)                                                  later
 *              | varUint(5)                                                  unavailable
 *
 * An ask says how far the client is (cursor.ts; empty where it does not know), what it holds (the state vector,
 * with its own changes; empty for nothing), and what the server has not acknowledged (empty for nothing). The first
 * number is the version of the format, the second of what the client writes (document-version.ts).
 */
export interface CatchUpRequest {
	readonly version: number;
	readonly asks: readonly CatchUpAsk[];
}

export interface CatchUpAsk {
	readonly name: string;
	readonly cursor: string;
	readonly stateVector: Uint8Array;
	readonly update: Uint8Array;
}

export type CatchUpReply = { readonly name: string } & (
	| {
			/** What was sent is on the server's disk, and with the updates the client has everything up to the cursor. */
			readonly kind: 'level';
			readonly cursor: string;
			/** Yjs updates, in their order; none where nothing was missing. */
			readonly updates: readonly Uint8Array[];
	  }
	/** Only a socket can do it: something before the update is missing on the server, or the document is large. */
	| { readonly kind: 'resync' }
	/** The update will never be accepted: message 103 (close-codes.ts). */
	| { readonly kind: 'refused'; readonly code: number; readonly reason: string }
	/** There is no such document, or it is not theirs. */
	| { readonly kind: 'missing' }
	/** The answer was full, or rights changed meanwhile: ask again at once. Nothing is known of the update. */
	| { readonly kind: 'later' }
	/** It cannot be read or written now: ask again after a while. Nothing is known of the update. */
	| { readonly kind: 'unavailable' }
);

export const catchUpLimits = {
	/** Documents in one request. */
	documents: 100,
	/** A whole request. One document that takes more goes over a socket. */
	requestBytes: 2 * 1024 * 1024,
} as const;

const format = 1;
const nameLength = 200;
const cursorLength = 64;

/** Prints a request. */
export function writeCatchUpRequest({ version, asks }: CatchUpRequest): Uint8Array {
	return encoding.encode((out) => {
		encoding.writeVarUint(out, format);
		encoding.writeVarUint(out, version);
		encoding.writeVarUint(out, asks.length);
		for (const { name, cursor, stateVector, update } of asks) {
			encoding.writeVarString(out, name);
			encoding.writeVarString(out, cursor);
			encoding.writeVarUint8Array(out, stateVector);
			encoding.writeVarUint8Array(out, update);
		}
	});
}

/** Reads a request; undefined when it is none, whatever the bytes. Byte arrays are views of the body. */
export function readCatchUpRequest(body: Uint8Array): CatchUpRequest | undefined {
	return readWhole(body, (input) => {
		if (decoding.readVarUint(input) !== format) return undefined;
		const version = decoding.readVarUint(input);
		const count = decoding.readVarUint(input);
		if (count > catchUpLimits.documents) return undefined;
		const names = new Set<string>();
		const asks: CatchUpAsk[] = [];
		for (let index = 0; index < count; index++) {
			const ask = {
				name: decoding.readVarString(input),
				cursor: decoding.readVarString(input),
				stateVector: decoding.readVarUint8Array(input),
				update: decoding.readVarUint8Array(input),
			};
			const isBounded = ask.name.length <= nameLength && ask.cursor.length <= cursorLength;
			if (!isBounded || names.has(ask.name)) return undefined;
			names.add(ask.name);
			asks.push(ask);
		}
		return { version, asks };
	});
}

/** Prints an answer. */
export function writeCatchUpAnswer(replies: readonly CatchUpReply[]): Uint8Array {
	return encoding.encode((out) => {
		encoding.writeVarUint(out, format);
		encoding.writeVarUint(out, replies.length);
		for (const reply of replies) {
			encoding.writeVarString(out, reply.name);
			writeReply(out, reply);
		}
	});
}

function writeReply(out: encoding.Encoder, reply: CatchUpReply): void {
	switch (reply.kind) {
		case 'level':
			encoding.writeVarUint(out, 0);
			encoding.writeVarString(out, reply.cursor);
			encoding.writeVarUint(out, reply.updates.length);
			for (const update of reply.updates) encoding.writeVarUint8Array(out, update);
			return;
		case 'resync':
			return encoding.writeVarUint(out, 1);
		case 'refused':
			encoding.writeVarUint(out, 2);
			encoding.writeVarUint(out, reply.code);
			return encoding.writeVarString(out, reply.reason);
		case 'missing':
			return encoding.writeVarUint(out, 3);
		case 'later':
			return encoding.writeVarUint(out, 4);
		case 'unavailable':
			return encoding.writeVarUint(out, 5);
	}
}

/** Reads an answer; undefined when it is none or was cut off. Byte arrays are views of the body. */
export function readCatchUpAnswer(body: Uint8Array): readonly CatchUpReply[] | undefined {
	return readWhole(body, (input) => {
		if (decoding.readVarUint(input) !== format) return undefined;
		const count = decoding.readVarUint(input);
		if (count > catchUpLimits.documents) return undefined;
		const replies: CatchUpReply[] = [];
		for (let index = 0; index < count; index++) {
			const reply = readReply(input, decoding.readVarString(input));
			if (!reply) return undefined;
			replies.push(reply);
		}
		return replies;
	});
}

function readReply(input: decoding.Decoder, name: string): CatchUpReply | undefined {
	switch (decoding.readVarUint(input)) {
		case 0: {
			const cursor = decoding.readVarString(input);
			const updates: Uint8Array[] = [];
			for (let left = decoding.readVarUint(input); left > 0; left--)
				updates.push(decoding.readVarUint8Array(input));
			return { name, kind: 'level', cursor, updates };
		}
		case 1:
			return { name, kind: 'resync' };
		case 2: {
			const code = decoding.readVarUint(input);
			return { name, kind: 'refused', code, reason: decoding.readVarString(input) };
		}
		case 3:
			return { name, kind: 'missing' };
		case 4:
			return { name, kind: 'later' };
		case 5:
			return { name, kind: 'unavailable' };
		default:
			return undefined;
	}
}

function readWhole<T>(
	body: Uint8Array,
	read: (input: decoding.Decoder) => T | undefined,
): T | undefined {
	try {
		const input = decoding.createDecoder(body);
		const result = read(input);
		return decoding.hasContent(input) ? undefined : result;
	} catch {
		return undefined; // lib0 throws on truncated input: then it is none of these bodies
	}
}
