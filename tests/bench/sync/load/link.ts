import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import type { Dialect, Target } from '../peers/contender.ts';

/** What a server says, as far as it is measured. */
export interface Heard {
	step1?(stateVector: Uint8Array): void;
	step2?(update: Uint8Array): void;
	update?(update: Uint8Array): void;
	/** Everything that was sent before is taken: message 102 of flywheel, SyncStatus of hocuspocus. */
	receipt?(): void;
	/** Flywheel's message 105: how far this client is. */
	head?(cursor: string): void;
	closed?(code: number): void;
}

/** Where a link goes, and what it says of itself. */
export interface LinkOptions {
	readonly target: Target;
	readonly document: string;
	/** Chooses who it is. */
	readonly person: number;
	/** How far the client is; a server that does not ask for it is not told. */
	readonly cursor?: string;
	readonly heard: Heard;
}

/** A raw client: it speaks the protocol and applies nothing, so that the server is what is measured. */
export class Link {
	readonly #socket: WebSocket;
	readonly #dialect: Dialect;
	readonly #prefix: Uint8Array;
	readonly #token: string;
	readonly #heard: Heard;

	constructor({ target, document, person, cursor = '', heard }: LinkOptions) {
		this.#dialect = target.dialect;
		this.#heard = heard;
		this.#token = target.tokens[person % target.tokens.length]!;
		const isMany = target.dialect === 'hocuspocus';
		this.#prefix = isMany
			? encoding.encode((out) => encoding.writeVarString(out, document))
			: new Uint8Array();
		const query = target.dialect === 'flywheel' ? `?token=${this.#token}&cursor=${cursor}` : '';
		this.#socket = new WebSocket(isMany ? target.url : `${target.url}/${document}${query}`, {
			perMessageDeflate: false,
		});
		this.#socket.on('message', (data: Buffer) => this.#receive(data));
		this.#socket.on('close', (code) => heard.closed?.(code));
	}

	/** Resolves when the connection stands; rejects when it was refused. */
	opened(): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#socket.on('error', reject);
			this.#socket.on('open', () => {
				if (this.#dialect === 'hocuspocus') this.#signIn();
				resolve();
			});
		});
	}

	step1(stateVector: Uint8Array): void {
		this.#sync(0, stateVector);
	}

	step2(update: Uint8Array): void {
		this.#sync(1, update);
	}

	update(update: Uint8Array): void {
		this.#sync(2, update);
	}

	/** Asks for message 102. */
	barrier(): void {
		this.#send((out) => {
			encoding.writeVarUint(out, 102);
			encoding.writeVarUint8Array(out, new Uint8Array(2));
		});
	}

	close(): void {
		this.#socket.terminate();
	}

	#signIn(): void {
		this.#send((out) => {
			encoding.writeVarUint(out, 2);
			encoding.writeVarUint(out, 0);
			encoding.writeVarString(out, this.#token);
		});
	}

	#sync(kind: number, bytes: Uint8Array): void {
		this.#send((out) => {
			encoding.writeVarUint(out, 0);
			encoding.writeVarUint(out, kind);
			encoding.writeVarUint8Array(out, bytes);
		});
	}

	#send(write: (out: encoding.Encoder) => void): void {
		const frame = encoding.encode((out) => {
			encoding.writeUint8Array(out, this.#prefix);
			write(out);
		});
		this.#socket.send(frame);
	}

	#receive(frame: Uint8Array): void {
		const input = decoding.createDecoder(frame);
		input.pos = this.#prefix.length;
		switch (decoding.readVarUint(input)) {
			case 0:
				return this.#receiveSync(input);
			case 8:
				return this.#heard.receipt?.();
			case 102:
				return this.#heard.receipt?.();
			case 103:
				throw new Error('the server refused what an honest client wrote');
			case 105:
				return this.#heard.head?.(decoding.readVarString(input));
			default: // presence, and hocuspocus' word that the token is good
		}
	}

	#receiveSync(input: decoding.Decoder): void {
		const kind = decoding.readVarUint(input);
		const bytes = decoding.readVarUint8Array(input);
		if (kind === 0) this.#heard.step1?.(bytes);
		else if (kind === 1) this.#heard.step2?.(bytes);
		else this.#heard.update?.(bytes);
	}
}
