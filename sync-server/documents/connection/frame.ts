import { writeMessage, type Message } from '#shared/wire/messages.ts';

/** The last part of a message, and that part binary: all that a message of ours is. */
const wholeBinary = 0x82;

/**
 * A message as it goes over a socket (RFC 6455: unmasked, in one part), made once for however many are sent
 * it. Made for each of 200 listeners, its head alone doubles what sending costs.
 */
export class Frame {
	readonly bytes: Buffer;

	constructor(message: Message) {
		this.bytes = framed(writeMessage(message));
	}
}

/** A message with the head that it has on a socket; a copy. */
export function framed(message: Uint8Array): Buffer {
	const { length } = message;
	const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
	const bytes = Buffer.allocUnsafe(headBytes + length);
	bytes[0] = wholeBinary;
	if (headBytes === 2) bytes[1] = length;
	else if (headBytes === 4) bytes.writeUInt16BE(length, bytes.writeUInt8(126, 1));
	else bytes.writeBigUInt64BE(BigInt(length), bytes.writeUInt8(127, 1));
	bytes.set(message, headBytes);
	return bytes;
}
