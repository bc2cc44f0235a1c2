import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';

/** Texts up to this length are looked for among those read before: names and labels, that every region repeats. */
const repeatedBytes = 24;
/** A text has one place among them, which the next one of the same place takes. A power of two. */
const places = 1024;
const repeated: string[] = new Array<string>(places).fill('');
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** The kinds of values that hold others (lib0). */
const kinds = { text: 119, object: 118, array: 117 };

/** As `Y.decodeUpdate`: what an update says, without a document. Throws on bytes that are none. */
export function decodeUpdate(update: Uint8Array): ReturnType<typeof Y.decodeUpdate> {
	return Y.decodeUpdateV2(update, UpdateDecoder);
}

/** As `Y.applyUpdate`. */
export function applyUpdate(document: Y.Doc, update: Uint8Array): void {
	Y.applyUpdateV2(document, update, undefined, UpdateDecoder);
}

/**
 * Reads the same as the decoder of Yjs, in two fifths of the time. That one asks the system to decode each text,
 * which costs more than all else where texts are short; most here are, and most were read before.
 */
class UpdateDecoder extends Y.UpdateDecoderV1 {
	override readString(): string {
		return readText(this.restDecoder);
	}

	override readKey(): string {
		return readText(this.restDecoder);
	}

	override readAny(): unknown {
		return readValue(this.restDecoder);
	}
}

function readValue(from: decoding.Decoder): unknown {
	switch (from.arr[from.pos]) {
		case kinds.text:
			from.pos++;
			return readText(from);
		case kinds.object: {
			from.pos++;
			const value: Record<string, unknown> = {};
			for (let left = decoding.readVarUint(from); left > 0; left--) {
				const name = readText(from);
				value[name] = readValue(from);
			}
			return value;
		}
		case kinds.array: {
			from.pos++;
			const values: unknown[] = [];
			for (let left = decoding.readVarUint(from); left > 0; left--) values.push(readValue(from));
			return values;
		}
		default:
			return decoding.readAny(from);
	}
}

/** Throws where it is cut off, or no UTF-8. */
function readText(from: decoding.Decoder): string {
	const length = decoding.readVarUint(from);
	const { arr: bytes, pos: start } = from;
	const end = start + length;
	if (end > bytes.length) throw new Error('a text is cut off');
	from.pos = end;
	let seen = 0;
	let hash = length;
	for (let at = start; at < end; at++) {
		const byte = bytes[at]!;
		seen |= byte;
		hash = (Math.imul(hash, 31) + byte) | 0;
	}
	if (seen > 0x7f) return utf8.decode(bytes.subarray(start, end));
	if (length > repeatedBytes) return ascii(bytes, start, end);
	const place = hash & (places - 1);
	const known = repeated[place]!;
	if (isText(known, bytes, start, length)) return known;
	return (repeated[place] = ascii(bytes, start, end));
}

function isText(text: string, bytes: Uint8Array, start: number, length: number): boolean {
	if (text.length !== length) return false;
	for (let at = 0; at < length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false;
	return true;
}

function ascii({ buffer, byteOffset }: Uint8Array, start: number, end: number): string {
	return Buffer.from(buffer, byteOffset + start, end - start).toString('latin1');
}
