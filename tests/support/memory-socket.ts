import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { Wire } from '#sync-server/documents/connection/wire.ts';

/** What a client hears on its end. `writtenAt` is when the server wrote it, by the clock of the test. */
interface Ears {
	message(frame: Uint8Array, writtenAt: number): void;
	/** The server said goodbye with this code, or the connection broke (1006). */
	closed(code: number): void;
}

interface Written {
	readonly data: Uint8Array;
	readonly at: number;
	readonly done: () => void;
}

interface Frame {
	readonly opcode: number;
	readonly payload: Uint8Array;
	/** How many bytes it took. */
	readonly length: number;
}

const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * A WebSocket without a network: on the server's end the real `ws` over a stream, on the other a client of the
 * test, which decides when bytes travel. Held, both directions stand still and nobody says so (a black hole);
 * cut, what was on its way is gone, in the middle of a frame where it happens to be.
 */
export class MemorySocket {
	readonly #now: () => number;
	readonly #ears: Ears;
	readonly #stream: Duplex;
	#toServer: Uint8Array[] = [];
	#toClient: Written[] = [];
	/** Bytes that came and make no frame yet. */
	#received = new Uint8Array();
	#isUpgraded = false;
	#isHeld = false;
	#isOver = false;

	constructor(options: {
		readonly server: WebSocketServer;
		readonly now: () => number;
		readonly ears: Ears;
		/** The server's end, once it is accepted. */
		readonly accepted: (wire: Wire) => void;
	}) {
		this.#now = options.now;
		this.#ears = options.ears;
		this.#stream = new Duplex({
			read: () => undefined,
			write: (data: Uint8Array, _encoding, done) => {
				this.#toClient.push({ data, at: this.#now(), done });
				this.#deliver();
			},
			destroy: (error, done) => {
				this.#end(1006);
				done(error);
			},
		});
		this.#stream.on('error', () => undefined); // writing into a connection that was cut
		const request = new IncomingMessage(new Socket());
		request.method = 'GET';
		request.headers = {
			upgrade: 'websocket',
			connection: 'Upgrade',
			'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
			'sec-websocket-version': '13',
		};
		options.server.handleUpgrade(request, this.#stream, Buffer.alloc(0), (socket) =>
			options.accepted(new Wire(socket, this.#stream)),
		);
	}

	get isOver(): boolean {
		return this.#isOver;
	}

	/** Sends one message. */
	send(payload: Uint8Array): void {
		this.#sendBytes(framed(opcodes.binary, payload));
	}

	/** Sends the beginning of a message; then the connection breaks. */
	sendPart(payload: Uint8Array): void {
		const frame = framed(opcodes.binary, payload);
		this.#sendBytes(frame.subarray(0, Math.ceil(frame.length / 2)));
		this.cut();
	}

	/** Nothing travels any more, in either direction, until it is released. */
	hold(): void {
		this.#isHeld = true;
	}

	release(): void {
		this.#isHeld = false;
		for (const bytes of this.#toServer.splice(0)) this.#stream.push(bytes);
		this.#deliver();
	}

	/** Held, it lets through so many pieces in each direction. */
	trickle(count: number): void {
		for (const bytes of this.#toServer.splice(0, count)) this.#stream.push(bytes);
		this.#pass(this.#toClient.splice(0, count));
	}

	/** Breaks the connection: what was on its way is gone. */
	cut(): void {
		this.#end(1006);
		this.#stream.destroy();
	}

	/** The client has left and hears nothing any more; the server does not know. Cut it some time. */
	abandon(): void {
		this.#isOver = true;
		this.hold();
	}

	#sendBytes(bytes: Uint8Array): void {
		if (this.#isOver) return;
		if (this.#isHeld) this.#toServer.push(bytes);
		else this.#stream.push(bytes);
	}

	#deliver(): void {
		if (!this.#isHeld) this.#pass(this.#toClient.splice(0));
	}

	#pass(written: readonly Written[]): void {
		for (const { data, at, done } of written) {
			this.#received = new Uint8Array(Buffer.concat([this.#received, data]));
			this.#read(at);
			done();
		}
	}

	#read(at: number): void {
		if (!this.#isUpgraded) {
			const end = Buffer.from(this.#received).indexOf('\r\n\r\n');
			if (end < 0) return;
			this.#received = this.#received.slice(end + 4);
			this.#isUpgraded = true;
		}
		for (let frame = readFrame(this.#received); frame; frame = readFrame(this.#received)) {
			this.#received = this.#received.slice(frame.length);
			this.#hear(frame, at);
		}
	}

	#hear({ opcode, payload }: Frame, at: number): void {
		switch (opcode) {
			case opcodes.binary:
				// Never within a call of the server's: a socket does not answer while one writes to it.
				queueMicrotask(() => this.#isOver || this.#ears.message(payload, at));
				return;
			case opcodes.ping:
				return this.#sendBytes(framed(opcodes.pong, payload));
			case opcodes.close: {
				const code = payload.length < 2 ? 1005 : payload[0]! * 256 + payload[1]!;
				this.#sendBytes(framed(opcodes.close, payload));
				this.#end(code);
				this.#stream.push(null);
			}
		}
	}

	#end(code: number): void {
		if (this.#isOver) return;
		queueMicrotask(() => this.#ears.closed(code));
		this.#isOver = true;
	}
}

/** A whole message as a client sends it: masked, with a mask that changes nothing. */
function framed(opcode: number, payload: Uint8Array): Uint8Array {
	const { length } = payload;
	const size =
		length < 126
			? [0x80 | length]
			: length < 65_536
				? [0x80 | 126, length >> 8, length & 255]
				: [
						0x80 | 127,
						0,
						0,
						0,
						0,
						length >>> 24,
						(length >> 16) & 255,
						(length >> 8) & 255,
						length & 255,
					];
	return Uint8Array.from([0x80 | opcode, ...size, 0, 0, 0, 0, ...payload]);
}

/** The first frame of what a server sent (unmasked, never in parts); undefined while it is not whole. */
function readFrame(bytes: Uint8Array): Frame | undefined {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	if (bytes.length < 2) return undefined;
	const short = bytes[1]! & 127;
	const start = short === 126 ? 4 : short === 127 ? 10 : 2;
	if (bytes.length < start) return undefined;
	const length =
		short === 126 ? view.getUint16(2) : short === 127 ? Number(view.getBigUint64(2)) : short;
	if (bytes.length < start + length) return undefined;
	return {
		opcode: bytes[0]! & 15,
		payload: bytes.slice(start, start + length),
		length: start + length,
	};
}
