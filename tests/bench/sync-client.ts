import { once } from 'node:events';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { readMessage, writeMessage } from '#shared/wire/messages.ts';

const fromServer = Symbol('from the server');

/** A client that writes, asks for barriers, and knows which of its values the server acknowledged. */
export class SyncClient {
	readonly doc = new Y.Doc();
	/** Values written, by key, in the order of writing; and how many of them a barrier covers. */
	readonly written: { readonly key: string; readonly value: string }[] = [];
	acknowledged = 0;
	#socket: WebSocket;

	private constructor(socket: WebSocket) {
		this.#socket = socket;
	}

	/** Connects and waits for the document's state. */
	static async connect(
		url: string,
		onValue: (value: string) => void = () => {},
	): Promise<SyncClient> {
		const socket = new WebSocket(url);
		const client = new SyncClient(socket);
		const synced = new Promise<void>((resolve, reject) => {
			socket.on('close', (code) => reject(new Error(`closed ${code}`)));
			socket.on('message', (data: Buffer) => {
				const message = readMessage(new Uint8Array(data));
				switch (message?.kind) {
					case 'step1':
						socket.send(
							writeMessage({
								kind: 'step2',
								update: Y.encodeStateAsUpdate(client.doc, message.stateVector),
							}),
						);
						return;
					case 'step2':
						Y.applyUpdate(client.doc, message.update, fromServer);
						return resolve();
					case 'update':
						return Y.applyUpdate(client.doc, message.update, fromServer);
					case 'barrier':
						client.acknowledged = Number(new TextDecoder().decode(message.payload));
						return;
					case 'refused':
						throw new Error(`the server refused: ${message.reason}`);
					default: // presence and the like: nothing that is measured
				}
			});
		});
		synced.catch(() => undefined); // a kill closes it later, on purpose
		const draft = client.doc.getMap<string>('draft');
		draft.observe((event) => {
			if (event.transaction.origin !== fromServer) return;
			for (const key of event.keysChanged as Set<string>) onValue(draft.get(key) ?? '');
		});
		client.doc.on('update', (update: Uint8Array, origin: unknown) => {
			if (origin !== fromServer) socket.send(writeMessage({ kind: 'update', update }));
		});
		await once(socket, 'open');
		socket.send(writeMessage({ kind: 'step1', stateVector: Y.encodeStateVector(client.doc) }));
		await synced;
		return client;
	}

	/** Writes a value and asks when it is durable. */
	write(key: string, value: string): void {
		this.doc.getMap('draft').set(key, value);
		this.written.push({ key, value });
		const payload = new TextEncoder().encode(String(this.written.length));
		this.#socket.send(writeMessage({ kind: 'barrier', payload }));
	}

	close(): void {
		this.#socket.on('error', () => undefined);
		this.#socket.terminate();
		this.doc.destroy();
	}
}
