import type { Note } from '#shared/corpus/submission.ts';

/** A note with its id. */
export interface NoteEntry extends Note {
	readonly id: string;
}

/** A note that answers none, and everything below it. */
export interface NoteThread {
	readonly root: NoteEntry;
	/** Oldest first. */
	readonly replies: readonly NoteEntry[];
	/** Who said that it is settled; undefined while it is open. */
	readonly resolvedBy: NoteEntry | undefined;
}

/**
 * Threads of the notes on one item, oldest first. A reply to a reply stands in the same thread; one whose
 * root has not arrived yet begins a thread of its own, so that nothing is hidden meanwhile.
 */
export function threadsOf(notes: readonly NoteEntry[]): NoteThread[] {
	const byId = new Map(notes.map((note) => [note.id, note]));
	const replies = new Map<string, NoteEntry[]>();
	const resolutions = new Map<string, NoteEntry>();
	const roots: NoteEntry[] = [];
	for (const note of [...notes].sort(compare)) {
		if (note.resolves !== undefined) {
			if (!resolutions.has(note.resolves)) resolutions.set(note.resolves, note);
			continue;
		}
		const root = rootOf(note, byId);
		if (root === note) roots.push(note);
		else replies.set(root.id, [...(replies.get(root.id) ?? []), note]);
	}
	return roots.map((root) => ({
		root,
		replies: replies.get(root.id) ?? [],
		resolvedBy: resolutions.get(root.id),
	}));
}

function rootOf(note: NoteEntry, byId: ReadonlyMap<string, NoteEntry>): NoteEntry {
	const passed = new Set<NoteEntry>();
	for (let at = note; ;) {
		passed.add(at);
		const parent = at.replyTo === undefined ? undefined : byId.get(at.replyTo);
		// Only a broken client makes a circle; the note then stands alone.
		if (parent && passed.has(parent)) return note;
		if (!parent) return at;
		at = parent;
	}
}

function compare(a: NoteEntry, b: NoteEntry): number {
	return a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
