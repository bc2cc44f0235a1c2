import { once } from 'node:events';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { readMessage, writeMessage, type Message } from '#shared/wire/messages.ts';

interface WireClientOptions {
	/** What it brings along; a fresh one otherwise. */
	readonly document?: Y.Doc;
	/** Whether it says something that nobody can answer without the document: then that is opened. */
	readonly wakes?: boolean;
	/** Whether it answers step 1. */
	readonly answers?: boolean;
	/** Of the upgrade. */
	readonly headers?: Record<string, string>;
}

/**
 * A client that speaks the protocol by hand: it sends exactly what a test says, and keeps every message
 * it got in order. It answers step 1 unless told not to, and applies what it hears to its document.
 */
export class WireClient {
	readonly document: Y.Doc;
	readonly heard: Message[] = [];
	closedWith: number | undefined;
	readonly #socket: WebSocket;
	readonly #answers: boolean;
	readonly #waiting = new Set<() => void>();

	constructor(url: string, options: WireClientOptions = {}) {
		this.document = options.document ?? new Y.Doc();
		this.#answers = options.answers ?? true;
		this.#socket = new WebSocket(url, { headers: options.headers });
		this.#socket.on('message', (data: Buffer) => this.#hear(readMessage(data)!));
		this.#socket.on('close', (code) => {
			this.closedWith = code;
			this.#wake();
		});
		this.#socket.on('error', () => undefined); // a refused connection shows as closed
	}

	/** Connects and waits until the server has answered a step 1. */
	static async join(url: string, options: WireClientOptions = {}): Promise<WireClient> {
		const client = new WireClient(url, options);
		await client.opened();
		if (options.wakes) client.send({ kind: 'queryAwareness' });
		client.send({ kind: 'step1', stateVector: Y.encodeStateVector(client.document) });
		await client.until(() => client.heard.some(({ kind }) => kind === 'step2'));
		return client;
	}

	async opened(): Promise<void> {
		if (this.#socket.readyState !== WebSocket.OPEN) await once(this.#socket, 'open');
	}

	send(message: Message): void {
		this.sendBytes(writeMessage(message));
	}

	sendBytes(frame: Uint8Array): void {
		this.#socket.send(frame);
	}

	/** Edits the document and sends the change. */
	edit(change: (document: Y.Doc) => void): Uint8Array {
		const before = Y.encodeStateVector(this.document);
		let update: Uint8Array | undefined;
		const catchUpdate = (data: Uint8Array): void => void (update = data);
		this.document.on('update', catchUpdate);
		this.document.transact(() => change(this.document));
		this.document.off('update', catchUpdate);
		const sent = update ?? Y.encodeStateAsUpdate(this.document, before);
		this.send({ kind: 'update', update: sent });
		return sent;
	}

	/** Sends a barrier and waits for its 102 or 103, or for the end. */
	async barrier(label = 'x'): Promise<'saved' | { code: number; reason: string } | 'closed'> {
		const start = this.heard.length;
		this.send({ kind: 'barrier', payload: new TextEncoder().encode(label) });
		const isAnswer = (message: Message): boolean =>
			(message.kind === 'barrier' || message.kind === 'refused') &&
			new TextDecoder().decode(message.payload) === label;
		await this.until(() => this.heard.slice(start).some(isAnswer));
		const answer = this.heard.slice(start).find(isAnswer);
		if (!answer) return 'closed';
		return answer.kind === 'refused' ? { code: answer.code, reason: answer.reason } : 'saved';
	}

	/** Waits until something holds, looked at after every message; or until the socket is closed. */
	until(holds: () => boolean): Promise<void> {
		if (holds() || this.closedWith !== undefined) return Promise.resolve();
		return new Promise((resolve) => {
			const look = (): void => {
				if (!holds() && this.closedWith === undefined) return;
				this.#waiting.delete(look);
				resolve();
			};
			this.#waiting.add(look);
		});
	}

	kinds(): string[] {
		return this.heard.map(({ kind }) => kind);
	}

	/** Stops reading, as a stalled reader does; or goes on. */
	pause(isPaused: boolean): void {
		if (isPaused) this.#socket.pause();
		else this.#socket.resume();
	}

	async close(): Promise<void> {
		this.#socket.close();
		await this.until(() => false);
	}

	#hear(message: Message): void {
		this.heard.push(message);
		if (message.kind === 'step2' || message.kind === 'update')
			Y.applyUpdate(this.document, message.update, this);
		if (message.kind === 'step1' && this.#answers)
			this.send({
				kind: 'step2',
				update: Y.encodeStateAsUpdate(this.document, message.stateVector),
			});
		this.#wake();
	}

	#wake(): void {
		for (const look of [...this.#waiting]) look();
	}
}
