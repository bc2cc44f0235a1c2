import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { framed, type Frame } from './frame.ts';

/** Longer ones are not worth a copy. */
const copiedBytes = 4096;

/**
 * A WebSocket and the connection under it: what everybody is sent is written there as it is, without `ws`
 * framing it again for each. Everything arrives in the order it was sent in, and nothing behind a goodbye: `ws`
 * writes at once and in whole messages too, as long as nothing is compressed or sent in parts. So the
 * WebSocket must have been accepted without compression.
 */
export class Wire {
	readonly socket: WebSocket;
	readonly #connection: Duplex;

	constructor(socket: WebSocket, connection: Duplex) {
		this.socket = socket;
		this.#connection = connection;
	}

	/** False before it is open, and from the goodbye on. */
	get isOpen(): boolean {
		return this.socket.readyState === this.socket.OPEN;
	}

	/** What was sent and the system has not taken yet. */
	get waitingBytes(): number {
		return this.socket.bufferedAmount;
	}

	/** Sends a message to this client only. `taken` is called once the system has it, or never will. */
	send(message: Uint8Array, taken: () => void): void {
		if (!this.isOpen) return;
		if (message.length > copiedBytes)
			this.socket.send(message, { binary: true, compress: false }, taken);
		else this.#connection.write(framed(message), taken);
	}

	/** Sends what others are sent too; without `taken` it costs least. */
	write({ bytes }: Frame, taken?: () => void): void {
		if (this.isOpen) this.#connection.write(bytes, taken);
	}
}
