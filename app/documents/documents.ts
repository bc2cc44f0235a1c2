import type { Replica } from '#app/replica/database.ts';
import type { SavedState } from './device/document-log.ts';
import { DocumentHandle, OpenDocument } from './open-document.svelte.ts';
import { Presence } from './presence/presence.svelte.ts';
import { SavedTotals } from './saved.svelte.ts';
import { TabChannel } from './device/tab-channel.ts';

/** How long a document stays open after its last handle went: going back to a page is then instant. */
const lingerMs = 10_000;

interface Entry {
	readonly document: OpenDocument;
	/** Handles of pages, and all handles. */
	shown: number;
	used: number;
	hideLock: () => void;
	lingering: ReturnType<typeof setTimeout> | undefined;
}

/** All documents of one person on this page. */
export class Documents {
	readonly replica: Replica;
	readonly user: string;
	readonly saved: SavedTotals;
	readonly channel: TabChannel;
	readonly presence: Presence;
	readonly #entries = new Map<string, Entry>();
	readonly #locks: LockManager | undefined;
	readonly #hurriers = new Set<() => void>();
	readonly #wakers = new Set<(document?: string) => void>();
	readonly #warn = (event: BeforeUnloadEvent) => {
		if (this.saved.notSaved > 0) event.preventDefault();
	};

	constructor(replica: Replica, user: string, locks: LockManager | undefined = navigator.locks) {
		this.replica = replica;
		this.user = user;
		this.#locks = locks;
		this.saved = new SavedTotals(replica);
		this.channel = new TabChannel(`${replica.name}:documents`);
		this.presence = new Presence({ channel: this.channel, name: replica.name, locks });
		this.channel.listen((message) => {
			if (message.kind === 'wake') this.#ring();
			if (message.kind === 'hurry') for (const listener of [...this.#hurriers]) listener();
			if (message.kind === 'log') void this.#reread(message.document);
		});
		addEventListener('beforeunload', this.#warn);
	}

	/** Opens `<project>/<batch>/<part>` for a page; some tab keeps it connected while it is open. */
	open(name: string): DocumentHandle {
		return this.#handle(name, true);
	}

	/** Opens a document for the work behind the pages: nobody looks at it. */
	acquire(name: string): DocumentHandle {
		return this.#handle(name, false);
	}

	/** The document behind open handles. */
	find(name: string): OpenDocument | undefined {
		return this.#entries.get(name)?.document;
	}

	/** Documents that any tab of this person shows. */
	async shownAnywhere(): Promise<string[]> {
		const own = [...this.#entries].flatMap(([name, { shown }]) => (shown > 0 ? [name] : []));
		if (!this.#locks) return own;
		const prefix = this.#shownLock('');
		const { held = [] } = await this.#locks.query();
		const names = held.flatMap(({ name }) =>
			name?.startsWith(prefix) ? [name.slice(prefix.length)] : [],
		);
		return [...new Set([...own, ...names])];
	}

	/** Has the leading tab look at its connections again, whichever tab that is. */
	wake(): void {
		this.#ring();
		this.channel.tell({ kind: 'wake' });
	}

	/** The server can be reached again, or somebody came back to a page: whichever tab leads connects soon. */
	hurry(): void {
		for (const listener of [...this.#hurriers]) listener();
		this.channel.tell({ kind: 'hurry' });
	}

	/** Calls back when any tab has reason to hurry. */
	onHurry(listener: () => void): () => void {
		this.#hurriers.add(listener);
		return () => this.#hurriers.delete(listener);
	}

	/** Calls back when documents were opened or closed, or the named one was written, in any tab. */
	onWake(listener: (document?: string) => void): () => void {
		this.#wakers.add(listener);
		return () => this.#wakers.delete(listener);
	}

	/** The log of a document was changed from outside of its open log: read it again, in every tab. */
	async changed(name: string): Promise<void> {
		this.channel.tell({ kind: 'log', document: name });
		await this.#reread(name);
	}

	/** Lets documents try again that the server did not take for want of rights: all, or the named one. */
	async unblock(only?: string): Promise<void> {
		const blocked = this.replica.documents.where('block').anyOf('signed-out', 'not-found');
		const names = (await blocked.primaryKeys()).filter((name) => (only ?? name) === name);
		await this.replica.documents.where('document').anyOf(names).modify({ block: null });
		await Promise.all(names.map((name) => this.changed(name)));
		this.wake();
		this.hurry();
	}

	/** Writes what is left and closes every document. */
	async close(): Promise<void> {
		removeEventListener('beforeunload', this.#warn);
		const entries = [...this.#entries.values()];
		this.#entries.clear();
		for (const entry of entries) {
			clearTimeout(entry.lingering);
			entry.hideLock();
		}
		await Promise.all(entries.map(({ document }) => document.close()));
		this.presence.close();
		this.channel.close();
	}

	#handle(name: string, isShown: boolean): DocumentHandle {
		const entry = this.#entries.get(name) ?? this.#enter(name);
		clearTimeout(entry.lingering);
		entry.used++;
		if (isShown && entry.shown++ === 0) {
			entry.hideLock = this.#show(name);
			// Opening it is a wish to try again: rights may have come back.
			if (entry.document.block === 'not-found') void entry.document.log.block(null);
			this.wake();
		}
		return new DocumentHandle(entry.document, this.presence, () => {
			entry.used--;
			if (isShown && --entry.shown === 0) {
				entry.hideLock();
				entry.hideLock = () => {};
				this.wake();
			}
			if (entry.used === 0)
				entry.lingering = setTimeout(() => void this.#leave(name, entry), lingerMs);
		});
	}

	#enter(name: string): Entry {
		const document = new OpenDocument(this.replica, name, this.user, () => {
			this.channel.tell({ kind: 'log', document: name });
			this.#ring(name);
		});
		const entry: Entry = {
			document,
			shown: 0,
			used: 0,
			hideLock: () => {},
			lingering: undefined,
		};
		this.#entries.set(name, entry);
		document.subscribe(() => this.#count());
		return entry;
	}

	async #leave(name: string, entry: Entry): Promise<void> {
		await entry.document.log.whenWritten();
		// Opened again meanwhile, or not stored yet: then it stays.
		if (entry.used > 0 || entry.document.saved === 'not saved') return;
		if (this.#entries.get(name) === entry) this.#entries.delete(name);
		await entry.document.close();
		this.#count();
	}

	/** Holds a shared lock while the document is shown: a tab that crashes lets go of it, too. */
	#show(name: string): () => void {
		if (!this.#locks) return () => {};
		const hidden = Promise.withResolvers<void>();
		void this.#locks.request(this.#shownLock(name), { mode: 'shared' }, () => {
			this.wake();
			return hidden.promise;
		});
		return () => hidden.resolve();
	}

	#shownLock(name: string): string {
		return `${this.replica.name}:shown:${name}`;
	}

	#count(): void {
		const open = [...this.#entries.values()].map(({ document }) => document);
		const named = (state: SavedState) =>
			open.flatMap(({ name, saved }) => (saved === state ? [name] : []));
		this.saved.tell({
			saving: named('saving'),
			notSaved: named('not saved'),
			isOutOfRoom: open.some((document) => document.isOutOfRoom),
		});
	}

	async #reread(name: string): Promise<void> {
		await this.#entries.get(name)?.document.log.refresh();
		this.#ring(name);
	}

	#ring(document?: string): void {
		for (const waker of [...this.#wakers]) waker(document);
	}
}
