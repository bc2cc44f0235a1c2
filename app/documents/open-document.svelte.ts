import * as Y from 'yjs';
import type { Access } from '#shared/access/access.ts';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import type { Block, Replica, UndoRow } from '#app/replica/database.ts';
import { liveRows } from '#app/replica/live.svelte.ts';
import { mayRewrite, rewrite, unsentEntries } from './unsent/rewrite.ts';
import { accessTo } from './access-to.ts';
import type { Presence } from './presence/presence.svelte.ts';
import type { PeerState, SelfState } from './presence/presence-state.ts';
import { idsInUpdate } from './ids-in-update.ts';
import { DocumentLog, type SavedState } from './device/document-log.ts';

/**
 * One document as this page has it open, shared by all its handles. After a refusal the document is begun
 * anew: `doc` and `log` are then other ones, and whoever read them reads again.
 */
export class OpenDocument {
	readonly name: string;
	readonly #replica: Replica;
	readonly #user: string;
	readonly #announce: () => void;
	readonly #access: { readonly current: Access };
	readonly #listeners: (() => void)[] = [];
	#log = $state.raw<DocumentLog>()!;
	#isLoaded = $state(false);
	#hasServerState = $state(false);
	#saved = $state<SavedState>('on the server');
	#block = $state<Block | null>(null);
	#isOutOfRoom = $state(false);
	#stopLog = () => {};

	constructor(replica: Replica, name: string, user: string, announce: () => void) {
		this.name = name;
		this.#replica = replica;
		this.#user = user;
		this.#announce = announce;
		this.#access = liveRows(() => accessTo(replica, name, user), 'none');
		this.#begin();
	}

	get log(): DocumentLog {
		return this.#log;
	}

	get doc(): Y.Doc {
		return this.#log.doc;
	}

	get isLoaded(): boolean {
		return this.#isLoaded;
	}

	get hasServerState(): boolean {
		return this.#hasServerState;
	}

	get saved(): SavedState {
		return this.#saved;
	}

	get block(): Block | null {
		return this.#block;
	}

	/** What was changed last could not be stored for want of room: nothing more is taken until it is. */
	get isOutOfRoom(): boolean {
		return this.#isOutOfRoom;
	}

	get access(): Access {
		return this.#access.current;
	}

	/** Calls back, outside of effects, after every change of the log's state. */
	subscribe(listener: () => void): () => void {
		this.#listeners.push(listener);
		return () => this.#listeners.splice(this.#listeners.indexOf(listener), 1);
	}

	/** Resolves when the server's state has been here once; rejects with the signal's reason. */
	async whenOnDevice(signal?: AbortSignal): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			const look = () => {
				if (!this.#log.row.hasServerState && !signal?.aborted) return;
				stop();
				signal?.removeEventListener('abort', look);
				if (signal?.aborted) reject(signal.reason as Error);
				else resolve();
			};
			const stop = this.subscribe(look);
			signal?.addEventListener('abort', look);
			look();
		});
	}

	/** The same; false where the server says that there is no such document, or not for this person. */
	async whenOnDeviceOrGone(signal: AbortSignal): Promise<boolean> {
		const over = new AbortController();
		const gone = new Promise<boolean>((resolve) => {
			const look = () => {
				if (this.block !== 'not-found') return;
				stop();
				resolve(false);
			};
			const stop = this.subscribe(look);
			over.signal.addEventListener('abort', stop);
			look();
		});
		const limited = AbortSignal.any([signal, over.signal]);
		const there = this.whenOnDevice(limited).then(() => true);
		try {
			return await Promise.race([there, gone]);
		} finally {
			over.abort();
			await there.catch(() => undefined); // ended because it was answered otherwise
		}
	}

	/** Writes what is left, then lets go of everything. */
	async close(): Promise<void> {
		await this.#log.close();
		this.#stopLog();
		this.#log.doc.destroy();
	}

	#begin(): void {
		const log = new DocumentLog(this.#replica, this.name, new Y.Doc(), this.#announce);
		this.#log = log;
		this.#stopLog = log.subscribe(() => this.#changed());
		void log.load();
		this.#changed();
	}

	/** Another tab began the document anew. What this one had not written yet is written again as values. */
	#beginAnew(before: DocumentLog): void {
		this.#stopLog();
		this.#begin();
		const log = this.#log;
		const { part } = parseDocumentName(this.name)!;
		const isUnwritten = idsInUpdate(before.unwritten);
		void log.load().then(() => {
			const unsent = unsentEntries(before.doc, log.doc, part, isUnwritten);
			rewrite(
				log.doc,
				unsent.filter((entry) => mayRewrite(entry, log.doc, this.#user)),
			);
			void before.close();
		});
	}

	#changed(): void {
		const log = this.#log;
		if (log.isSuperseded) return this.#beginAnew(log);
		this.#isLoaded = log.isLoaded;
		this.#hasServerState = log.row.hasServerState;
		this.#saved = log.saved;
		this.#block = log.row.block;
		this.#isOutOfRoom = log.isOutOfRoom;
		for (const listener of [...this.#listeners]) listener();
	}
}

/** A document in use. Whoever opens one releases it. */
export class DocumentHandle {
	readonly #document: OpenDocument;
	readonly #presence: Presence;
	readonly #onRelease: () => void;
	#isReleased = false;

	constructor(document: OpenDocument, presence: Presence, onRelease: () => void) {
		this.#document = document;
		this.#presence = presence;
		this.#onRelease = onRelease;
	}

	get name(): string {
		return this.#document.name;
	}

	/** The document itself. Another one after a refusal, so read it again rather than keep it. */
	get doc(): Y.Doc {
		return this.#document.doc;
	}

	/** What lies on this device is in the doc. */
	get isLoaded(): boolean {
		return this.#document.isLoaded;
	}

	/** The server's state arrived once: what is not in the doc is not there, or newer than that. */
	get hasServerState(): boolean {
		return this.#document.hasServerState;
	}

	get saved(): SavedState {
		return this.#document.saved;
	}

	/** Why the server does not take it at present; what is written stays on this device. */
	get block(): Block | null {
		return this.#document.block;
	}

	/** False until it is loaded, where this person may only read, and while this device has no room. */
	get canWrite(): boolean {
		const { isLoaded, isOutOfRoom, access } = this.#document;
		return isLoaded && !isOutOfRoom && access === 'write';
	}

	/** Changes the doc in one transaction: one update, kept and sent whole. */
	transact<T>(change: (doc: Y.Doc) => T, origin: unknown = null): T {
		if (this.#isReleased) throw new Error(`${this.name} was released and is no longer kept`);
		const { doc } = this.#document;
		return doc.transact(() => change(doc), origin);
	}

	/** What can be undone on an item, as this device kept it. */
	undoOf(item: string): Pick<UndoRow, 'undo' | 'redo'> | undefined {
		return this.#document.log.undoOf(item);
	}

	/** Keeps what can be undone on an item together with the change that is being made. */
	keepUndo(item: string, steps: Pick<UndoRow, 'undo' | 'redo'>): void {
		this.#document.log.keepUndo({ item, ...steps });
	}

	/** Who else has the document open, and on which item. Blind batches show nobody. */
	get others(): readonly PeerState[] {
		return this.#presence.othersIn(this.name);
	}

	/** Shows the others where this person is; null takes it away. */
	setSelf(state: SelfState | null): void {
		this.#presence.setSelf(this.name, state);
	}

	release(): void {
		if (this.#isReleased) return;
		this.#isReleased = true;
		this.#onRelease();
	}
}
