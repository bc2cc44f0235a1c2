import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

/**
 * The y-websocket protocol, one message per binary frame, and our three additions:
 *
 *     message     := sync | awareness | auth | queryAwareness | barrier | refused | head
 *     sync        := varUint(0) • (varUint(0) • varBytes(stateVector)      step 1
 *                                 |varUint(1) • varBytes(update)           step 2
 *                                 |varUint(2) • varBytes(update))          update
 *     awareness   := varUint(1) • varBytes(awarenessUpdate)
 *     auth        := varUint(2) • varUint(0) • varString(reason)           server → client
 *     queryAware  := varUint(3)
 *     barrier     := varUint(102) • varBytes(payload ≤ 64)                 both ways
 *     refused     := varUint(103) • varUint(code) • varBytes(payload) • varString(reason)
 *     head        := varUint(105) • varString(cursor)                      server → client
 *
 * A stock client never sends 102, so it never sees 102 or 103. `head` says that everything up to the cursor
 * (cursor.ts) was sent before it. Only who asks for it in the address hears it: `?cursor=<cursor>` of someone
 * who has everything up to there and nothing that the server lacks, `?cursor=` of someone who has less. Where
 * the server can tell from its log alone what such a client lacks, it sends that and a head in place of its
 * step 1, answers the client's step 1 with an empty step 2, and does not load the document.
 *
 * `?version=<n>` says which version of documents the client writes (document-version.ts). Who is too old for
 * one is told so by message 103, code `outdated`: it goes on reading, and keeps what it sent.
 */
export type Message =
	| { readonly kind: 'step1'; readonly stateVector: Uint8Array }
	| { readonly kind: 'step2'; readonly update: Uint8Array }
	| { readonly kind: 'update'; readonly update: Uint8Array }
	| { readonly kind: 'awareness'; readonly update: Uint8Array }
	| { readonly kind: 'denied'; readonly reason: string }
	| { readonly kind: 'queryAwareness' }
	| { readonly kind: 'barrier'; readonly payload: Uint8Array }
	| {
			readonly kind: 'refused';
			readonly code: number;
			readonly payload: Uint8Array;
			readonly reason: string;
	  }
	| { readonly kind: 'head'; readonly cursor: string };

const barrierPayloadLimitBytes = 64;

/** Prints one frame. */
export function writeMessage(message: Message): Uint8Array {
	switch (message.kind) {
		case 'step1':
			return writeSync(0, message.stateVector);
		case 'step2':
			return writeSync(1, message.update);
		case 'update':
			return writeSync(2, message.update);
		default:
			return writeOther(message);
	}
}

/** Copied once: these are the frames that may be long. */
function writeSync(kind: 0 | 1 | 2, bytes: Uint8Array): Uint8Array {
	const head = encoding.encode((out) => {
		encoding.writeVarUint(out, 0);
		encoding.writeVarUint(out, kind);
		encoding.writeVarUint(out, bytes.length);
	});
	const frame = new Uint8Array(head.length + bytes.length);
	frame.set(head);
	frame.set(bytes, head.length);
	return frame;
}

function writeOther(message: Exclude<Message, { kind: 'step1' | 'step2' | 'update' }>): Uint8Array {
	return encoding.encode((out) => {
		switch (message.kind) {
			case 'awareness':
				encoding.writeVarUint(out, 1);
				return encoding.writeVarUint8Array(out, message.update);
			case 'denied':
				encoding.writeVarUint(out, 2);
				encoding.writeVarUint(out, 0);
				return encoding.writeVarString(out, message.reason);
			case 'queryAwareness':
				return encoding.writeVarUint(out, 3);
			case 'barrier':
				encoding.writeVarUint(out, 102);
				return encoding.writeVarUint8Array(out, message.payload);
			case 'refused':
				encoding.writeVarUint(out, 103);
				encoding.writeVarUint(out, message.code);
				encoding.writeVarUint8Array(out, message.payload);
				return encoding.writeVarString(out, message.reason);
			case 'head':
				encoding.writeVarUint(out, 105);
				return encoding.writeVarString(out, message.cursor);
		}
	});
}

/** Reads one frame; undefined when it is not one of ours, whatever the bytes. Byte arrays are views of the frame. */
export function readMessage(frame: Uint8Array): Message | undefined {
	try {
		const input = decoding.createDecoder(frame);
		const message = read(input);
		return decoding.hasContent(input) ? undefined : message;
	} catch {
		return undefined; // lib0 throws on truncated input: to us that is simply not a message
	}
}

function read(input: decoding.Decoder): Message | undefined {
	switch (decoding.readVarUint(input)) {
		case 0:
			return readSync(input);
		case 1:
			return { kind: 'awareness', update: decoding.readVarUint8Array(input) };
		case 2:
			return decoding.readVarUint(input) === 0
				? { kind: 'denied', reason: decoding.readVarString(input) }
				: undefined;
		case 3:
			return { kind: 'queryAwareness' };
		case 102: {
			const payload = decoding.readVarUint8Array(input);
			return payload.length <= barrierPayloadLimitBytes ? { kind: 'barrier', payload } : undefined;
		}
		case 103: {
			const code = decoding.readVarUint(input);
			const payload = decoding.readVarUint8Array(input);
			return { kind: 'refused', code, payload, reason: decoding.readVarString(input) };
		}
		case 105:
			return { kind: 'head', cursor: decoding.readVarString(input) };
		default:
			return undefined;
	}
}

function readSync(input: decoding.Decoder): Message | undefined {
	switch (decoding.readVarUint(input)) {
		case 0:
			return { kind: 'step1', stateVector: decoding.readVarUint8Array(input) };
		case 1:
			return { kind: 'step2', update: decoding.readVarUint8Array(input) };
		case 2:
			return { kind: 'update', update: decoding.readVarUint8Array(input) };
		default:
			return undefined;
	}
}
