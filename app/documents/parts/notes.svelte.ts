import type * as Y from 'yjs';
import type { Note } from '#shared/corpus/submission.ts';
import { KeyedSignals } from './keyed-signals.svelte.ts';
import { MapIndex } from './map-index.ts';
import { newId } from './new-id.ts';
import { threadsOf, type NoteEntry, type NoteThread } from './note-threads.ts';
import type { DocumentHandle } from '../open-document.svelte.ts';
import { timeNow } from './submissions.ts';

export interface NewNote {
	readonly item: string;
	readonly text: string;
	/** Who writes: a user id. */
	readonly by: string;
	readonly replyTo?: string;
	readonly region?: string;
	readonly point?: [number, number];
}

/** The comments of a batch, in threads: the notes document by its meaning. */
export class Notes {
	readonly #handle: DocumentHandle;
	readonly #signals = new KeyedSignals();
	#bound: { readonly doc: Y.Doc; readonly byItem: MapIndex<Note> } | undefined;

	constructor(handle: DocumentHandle) {
		this.#handle = handle;
	}

	/** The name of the document: `<project>/<batch>/notes`. */
	get document(): string {
		return this.#handle.name;
	}

	/** The threads on an item, oldest first. */
	threadsOf(item: string): NoteThread[] {
		return threadsOf(this.#entriesOf(item));
	}

	/** How many notes an item has. */
	countOf(item: string): number {
		return this.#entriesOf(item).filter(({ resolves }) => resolves === undefined).length;
	}

	/** How many threads of an item are not settled. */
	openCountOf(item: string): number {
		return this.threadsOf(item).filter(({ resolvedBy }) => resolvedBy === undefined).length;
	}

	/** Writes a note, or a reply; answers its id. */
	add(note: NewNote): string {
		return this.#put({ ...note, at: timeNow() });
	}

	/** The Yjs client id that a note was written with: whose that is, the server knows. */
	clientOf(id: string): number | undefined {
		return this.#bind().map._map.get(id)?.id.client;
	}

	/** Settles the thread that a note began. */
	resolve(root: NoteEntry, by: string): string {
		return this.#put({ item: root.item, resolves: root.id, by, at: timeNow(), text: 'Settled' });
	}

	close(): void {
		this.#bound?.byItem.close();
		this.#bound = undefined;
	}

	#put(note: Note): string {
		const id = newId();
		const index = this.#bind();
		this.#handle.transact(() => index.set(id, note));
		return id;
	}

	#entriesOf(item: string): NoteEntry[] {
		const index = this.#bind();
		this.#signals.read(item);
		return [...index.keysOf(item)].flatMap((id) => {
			const note = index.map.get(id);
			return note ? [{ id, ...note }] : [];
		});
	}

	#bind(): MapIndex<Note> {
		const { doc } = this.#handle;
		if (this.#bound?.doc === doc) return this.#bound.byItem;
		this.close();
		const byItem = new MapIndex(
			doc.getMap<Note>('note'),
			(_key, value) => value?.item,
			(groups, isLocal) => this.#signals.announceChange(groups, isLocal),
		);
		this.#bound = { doc, byItem };
		return byItem;
	}
}
