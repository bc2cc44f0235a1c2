import type { Notes } from '#app/documents/parts/notes.svelte.ts';
import type { NoteEntry } from '#app/documents/parts/note-threads.ts';
import type { Api } from '#app/net/api.ts';
import type { Replica } from '#app/replica/database.ts';
import type { RecoveredClients } from '#shared/wire/brought-back.ts';

interface RecoveredNotesParts {
	readonly notes: Pick<Notes, 'document' | 'clientOf'>;
	readonly api: Pick<Api, 'get'>;
	readonly replica: Replica;
}

/**
 * Which notes of a batch were brought back after the server was restored: a name stands in them, and nobody can
 * prove that it is their author's. Known from the server, and without a network as it said last.
 */
export class RecoveredNotes {
	readonly #parts: RecoveredNotesParts;
	#clients = $state.raw<ReadonlySet<number>>(new Set());
	#isAsked = false;

	constructor(parts: RecoveredNotesParts) {
		this.#parts = parts;
	}

	/** Asks the server, once; what it answered before counts until then. Call it where there are notes to show. */
	async ask(): Promise<void> {
		if (this.#isAsked) return;
		this.#isAsked = true;
		const { notes, api, replica } = this.#parts;
		const { document } = notes;
		const key = `recovered:${document}`;
		const kept = await replica.settings.get(key);
		if (Array.isArray(kept?.value)) this.#clients = new Set(kept.value as number[]);
		try {
			const { clients } = await api.get<RecoveredClients>(
				`/api/sync/recovered?document=${encodeURIComponent(document)}`,
			);
			this.#clients = new Set(clients);
			if (clients.length > 0) await replica.settings.put({ key, value: clients });
		} catch {
			this.#isAsked = false; // without a network: the next note that is shown asks again
		}
	}

	/** True where nobody can prove who wrote the note. */
	has({ id }: Pick<NoteEntry, 'id'>): boolean {
		const client = this.#parts.notes.clientOf(id);
		return client !== undefined && this.#clients.has(client);
	}
}
