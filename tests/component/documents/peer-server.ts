import * as Y from 'yjs';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import { ApiError, Offline } from '#app/net/api.ts';
import {
	readCatchUpRequest,
	writeCatchUpAnswer,
	type CatchUpAsk,
	type CatchUpReply,
} from '#shared/wire/catch-up.ts';
import { closeCodes, refusals } from '#shared/wire/close-codes.ts';
import { parseVersion } from '#shared/wire/document-version.ts';
import { readMessage, writeMessage, type Message } from '#shared/wire/messages.ts';

/**
 * The other end of the wire, scripted: it speaks `shared/wire/messages.ts` over sockets made of callbacks
 * and is told by the test when to be away, silent, slow to confirm, or to refuse.
 */
export class PeerServer {
	isDown = false;
	/** Takes everything and answers nothing: a network that swallows packets. */
	isSilent = false;
	holdsBarriers = false;
	/** Refuses updates that write this key, or all of them where none is named. */
	refusal: { readonly code: number; readonly reason: string; readonly key?: string } | undefined;
	/** Takes nothing from apps that write an older version. */
	leastVersion = 0;
	/** Every connection is closed with this right after it opened. */
	closesWith: number | undefined;
	attempts = 0;
	/** Called when somebody has connected and was told nothing yet. */
	onOpened: (() => void) | undefined;
	/** How often anybody said where they are. */
	presenceFrames = 0;
	/** What was asked over HTTP, with the documents of each batch. */
	readonly requests: { readonly path: string; readonly names: readonly string[] }[] = [];
	/** Answers the next batch otherwise: in place of a reply, or by throwing. */
	onBatch: ((ask: CatchUpAsk) => CatchUpReply | undefined) | undefined;
	/** The cursors that clients came with, the empty ones too. */
	readonly cursors: (string | null)[] = [];
	/** Bytes of every message that was taken. */
	readonly sizes: number[] = [];
	/** Something came before what it builds on. */
	hasMissed = false;
	readonly #docs = new Map<string, Y.Doc>();
	readonly #awareness = new Map<string, Awareness>();
	readonly #sockets = new Set<PeerSocket>();
	/** Names of documents, one for each change. */
	readonly #changes: string[] = [];
	#held: (() => void)[] = [];

	/** What the app takes for WebSocket. */
	get socket(): typeof WebSocket {
		// eslint-disable-next-line @typescript-eslint/no-this-alias -- the class below is made per server
		const server = this;
		class Socket extends PeerSocket {
			constructor(url: string | URL) {
				const { pathname, searchParams } = new URL(url);
				super(server, pathname.replace(/^\/sync\//, ''), searchParams);
			}
		}
		return Socket as unknown as typeof WebSocket;
	}

	/** What the app takes for its HTTP door. */
	get api() {
		return { fetch: (path: string, init: RequestInit = {}) => this.#answer(path, init) };
	}

	doc(name: string): Y.Doc {
		const found = this.#docs.get(name) ?? new Y.Doc();
		if (!this.#docs.has(name)) found.on('update', () => this.#changes.push(name));
		this.#docs.set(name, found);
		return found;
	}

	/** Forgets what a document held, as a log that was put back to an older state does. */
	reset(name: string): void {
		this.#docs.set(name, new Y.Doc());
	}

	async #answer(path: string, { body, signal }: RequestInit): Promise<Response> {
		const bytes = new Uint8Array(await new Response(body).arrayBuffer());
		const request = path === '/api/sync/batch' ? readCatchUpRequest(bytes)! : undefined;
		const names = request?.asks.map(({ name }) => name) ?? [];
		if (this.isDown) {
			this.attempts++;
			throw new Offline();
		}
		this.requests.push({ path, names });
		if (this.isSilent)
			await new Promise((_, reject) =>
				signal?.addEventListener('abort', () => reject(signal.reason as Error)),
			);
		if (this.closesWith === closeCodes.signInNeeded.code)
			throw new ApiError(401, 'signed_out', 'Sign in', undefined);
		if (!request) {
			const { since } = JSON.parse(new TextDecoder().decode(bytes)) as { since?: string };
			return Response.json(this.#changedSince(since));
		}
		const replies = request.asks.map(
			(ask) => this.onBatch?.(ask) ?? this.#exchange(ask, request.version),
		);
		if (this.holdsBarriers) await new Promise<void>((resolve) => this.#held.push(resolve));
		return new Response(writeCatchUpAnswer(replies) as Uint8Array<ArrayBuffer>);
	}

	#changedSince(since: string | undefined) {
		const cursor = String(this.#changes.length);
		const names = since === undefined ? [] : new Set(this.#changes.slice(Number(since)));
		const documents = [...names].map((name) => ({ name, cursor: this.cursorOf(name) }));
		return { documents, cursor, more: false };
	}

	#exchange({ name, cursor, stateVector, update }: CatchUpAsk, version: number): CatchUpReply {
		const doc = this.doc(name);
		if (this.closesWith === closeCodes.notFound.code) return { name, kind: 'missing' };
		if (update.length > 0) {
			if (version < this.leastVersion) return { name, kind: 'refused', ...refusals.outdated };
			if (this.refusal && this.#isRefused(update))
				return { name, kind: 'refused', ...this.refusal };
			const tried = new Y.Doc();
			for (const one of [Y.encodeStateAsUpdate(doc), update]) Y.applyUpdate(tried, one);
			if (tried.store.pendingStructs) return { name, kind: 'resync' };
			Y.applyUpdate(doc, update);
			for (const socket of this.#sockets) {
				if (socket.name !== name) continue;
				socket.deliver({ kind: 'update', update });
				this.#tellHead(socket);
			}
		}
		const now = this.cursorOf(name);
		const updates = cursor === now ? [] : [Y.encodeStateAsUpdate(doc, stateVector)];
		return { name, kind: 'level', cursor: now, updates };
	}

	/** How far a document is: what it says, in place of a place in a log. */
	cursorOf(name: string): string {
		const bytes = Y.encodeStateAsUpdate(this.doc(name));
		return `1:${bytes.length}:${bytes.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 0)}`;
	}

	get connected(): readonly string[] {
		return [...this.#sockets].map(({ name }) => name);
	}

	open(socket: PeerSocket): void {
		this.attempts++;
		if (this.isDown) return socket.end(1006);
		if (this.isSilent) return;
		if (this.closesWith !== undefined) {
			socket.begin();
			return socket.end(this.closesWith);
		}
		this.#sockets.add(socket);
		this.cursors.push(socket.cursor);
		socket.begin();
		this.onOpened?.();
		const cursor = this.cursorOf(socket.name);
		if (socket.cursor === cursor) return socket.deliver({ kind: 'head', cursor });
		const stateVector = Y.encodeStateVector(this.doc(socket.name));
		socket.deliver({ kind: 'step1', stateVector });
	}

	receive(from: PeerSocket, frame: Uint8Array): void {
		const message = readMessage(frame);
		if (this.isSilent || !message) return;
		this.sizes.push(frame.length);
		const doc = this.doc(from.name);
		switch (message.kind) {
			case 'step1':
				from.deliver({ kind: 'step2', update: Y.encodeStateAsUpdate(doc, message.stateVector) });
				return this.#tellHead(from);
			case 'step2':
			case 'update': {
				if (from.version < this.leastVersion) return;
				const isEmpty = message.update.length <= 2;
				if (!isEmpty && this.#isRefused(message.update)) {
					from.isRefused = true;
					return;
				}
				Y.applyUpdate(doc, message.update);
				this.hasMissed ||= doc.store.pendingStructs !== null || doc.store.pendingDs !== null;
				for (const other of this.#sockets) {
					if (other.name !== from.name) continue;
					if (other !== from) other.deliver({ kind: 'update', update: message.update });
					this.#tellHead(other);
				}
				return;
			}
			case 'barrier': {
				if (from.version < this.leastVersion)
					return from.deliver({ kind: 'refused', ...refusals.outdated, payload: message.payload });
				if (from.isRefused && this.refusal) {
					const { code, reason } = this.refusal;
					return from.deliver({ kind: 'refused', code, reason, payload: message.payload });
				}
				from.barriers.push(message.payload);
				if (!this.holdsBarriers) this.confirm();
				return;
			}
			case 'awareness': {
				this.presenceFrames++;
				// What is known of the others comes along, so that who arrives later sees them.
				const awareness = this.#awareness.get(from.name) ?? new Awareness(new Y.Doc());
				this.#awareness.set(from.name, awareness);
				applyAwarenessUpdate(awareness, message.update, from);
				const update = encodeAwarenessUpdate(awareness, [...awareness.getStates().keys()]);
				from.deliver({ kind: 'awareness', update });
				for (const other of this.#sockets) if (other.name === from.name) other.deliver(message);
				return;
			}
			case 'queryAwareness':
			case 'denied':
			case 'refused':
			case 'head':
				return;
		}
	}

	#tellHead(socket: PeerSocket): void {
		if (socket.cursor !== null)
			socket.deliver({ kind: 'head', cursor: this.cursorOf(socket.name) });
	}

	#isRefused(update: Uint8Array): boolean {
		if (!this.refusal) return false;
		const { key } = this.refusal;
		const { structs } = Y.decodeUpdate(update);
		return structs.some((struct) => !key || (struct instanceof Y.Item && struct.parentSub === key));
	}

	/** Confirms every barrier that was held, and every batch. */
	confirm(): void {
		for (const answer of this.#held.splice(0)) answer();
		for (const socket of this.#sockets)
			for (const payload of socket.barriers.splice(0)) socket.deliver({ kind: 'barrier', payload });
	}

	/** How many barriers wait to be confirmed. */
	get heldBarriers(): number {
		const held = this.#held.length;
		return [...this.#sockets].reduce((sum, { barriers }) => sum + barriers.length, held);
	}

	/** Cuts every connection, as a lost network does. */
	cut(code = 1006): void {
		for (const socket of [...this.#sockets]) socket.end(code);
	}

	drop(socket: PeerSocket): void {
		this.#sockets.delete(socket);
	}

	close(): void {
		for (const awareness of this.#awareness.values()) awareness.destroy();
	}
}

class PeerSocket {
	static readonly OPEN = 1;
	readonly OPEN = 1;
	readonly name: string;
	/** What its address says of how far it is. */
	readonly cursor: string | null;
	/** Of what its app writes. */
	readonly version: number;
	readonly barriers: Uint8Array[] = [];
	isRefused = false;
	binaryType = 'arraybuffer';
	readyState = 0;
	onopen: (() => void) | null = null;
	onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
	onclose: ((event: { code: number; reason: string }) => void) | null = null;
	onerror: ((event: Event) => void) | null = null;
	readonly #server: PeerServer;

	constructor(server: PeerServer, name: string, query: URLSearchParams) {
		this.#server = server;
		this.name = name;
		this.cursor = query.get('cursor');
		this.version = parseVersion(query.get('version'));
		setTimeout(() => this.readyState === 0 && server.open(this));
	}

	begin(): void {
		this.readyState = 1;
		this.onopen?.();
	}

	/** Messages arrive one by one, each in a task of its own, as from a real socket. */
	deliver(message: Message): void {
		const frame = writeMessage(message).slice();
		setTimeout(() => this.readyState === 1 && this.onmessage?.({ data: frame.buffer }));
	}

	send(frame: Uint8Array): void {
		const copy = frame.slice();
		setTimeout(() => this.readyState === 1 && this.#server.receive(this, copy));
	}

	close(): void {
		this.readyState = 3;
		this.#server.drop(this);
	}

	end(code: number): void {
		if (this.readyState === 3) return;
		this.close();
		this.onclose?.({ code, reason: '' });
	}
}
