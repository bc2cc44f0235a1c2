import { SvelteMap } from 'svelte/reactivity';
import type { Documents } from '#app/documents/documents.ts';
import { timeNow } from '#app/documents/parts/submissions.ts';
import { Notes } from '#app/documents/parts/notes.svelte.ts';
import type { DocumentHandle } from '#app/documents/open-document.svelte.ts';
import { laterThan, Verdicts } from '#app/documents/parts/verdicts.svelte.ts';
import type { HistoryEntry, ReviewEntry } from '#shared/api/replies.ts';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import { isNews, type KnownVerdict, type PlannedVerdict } from './verdict-plan.ts';

interface Opened {
	readonly verdicts: Verdicts;
	readonly handle: DocumentHandle;
}

interface Talk {
	readonly batch: string;
	readonly notes: Notes;
	readonly handle: DocumentHandle;
}

/**
 * The documents a reviewer needs: verdicts of every batch they came by, notes of the one before them. What
 * was decided here without a network is opened first, so that it does not come up again.
 */
export class ReviewDocuments {
	readonly #documents: Documents;
	readonly #project: string;
	readonly #me: string;
	readonly #verdicts = new SvelteMap<string, Opened>();
	#talk = $state.raw<Talk>();

	constructor(documents: Documents, project: string, me: string) {
		this.#documents = documents;
		this.#project = project;
		this.#me = me;
	}

	/** The notes of the batch that was opened last. */
	get notes(): Notes | undefined {
		return this.#talk?.notes;
	}

	get canNote(): boolean {
		return this.#talk?.handle.canWrite ?? false;
	}

	/** Opens what an entry needs. Not to be called from a derived value. */
	open(entry: ReviewEntry): void {
		for (const batch of new Set(entry.heads.map((head) => head.batch ?? entry.batch)))
			this.#open(batch);
		if (this.#talk?.batch === entry.batch) return;
		this.#closeTalk();
		const handle = this.#documents.open(`${this.#project}/${entry.batch}/notes`);
		this.#talk = { batch: entry.batch, notes: new Notes(handle), handle };
	}

	/** Opens what this device decided and the server has not taken yet. */
	async openUnsent(): Promise<void> {
		const { documents } = this.#documents.replica;
		for (const name of await documents.where('isDirty').equals(1).primaryKeys()) {
			const parsed = parseDocumentName(name);
			if (parsed?.project === this.#project && parsed.part === 'verdicts') this.#open(parsed.batch);
		}
	}

	/** Everything that is known of the words on a submission. */
	verdictsOf(entry: ReviewEntry, head: HistoryEntry): readonly KnownVerdict[] {
		const here = this.#here(entry, head);
		const fromServer = head.verdicts.filter(
			({ user }) => !here.some((verdict) => verdict.user === user),
		);
		return [...here, ...fromServer];
	}

	/** True when somebody decided about it since the server listed it. */
	isDecided(entry: ReviewEntry): boolean {
		return entry.heads.some((head) =>
			this.#here(entry, head).some((verdict) => isNews(head, verdict)),
		);
	}

	/**
	 * Writes a reviewer's words, one update per batch. They are later than those that they answer, whatever the
	 * clocks say.
	 */
	decide(
		plan: readonly PlannedVerdict[],
		note?: string,
		answered: readonly KnownVerdict[] = [],
	): void {
		const at = laterThan(answered, timeNow());
		for (const [batch, verdicts] of Map.groupBy(plan, ({ batch }) => batch)) {
			const opened = this.#open(batch);
			opened.handle.transact(() => {
				for (const { item, submission, kind } of verdicts)
					opened.verdicts.set({
						item,
						submission,
						user: this.#me,
						kind,
						note: kind === 'returned' ? note : undefined,
						at,
					});
			});
		}
	}

	close(): void {
		this.#closeTalk();
		for (const { verdicts, handle } of this.#verdicts.values()) {
			verdicts.close();
			handle.release();
		}
		this.#verdicts.clear();
	}

	#here(entry: ReviewEntry, head: HistoryEntry): readonly KnownVerdict[] {
		return this.#verdicts.get(head.batch ?? entry.batch)?.verdicts.of(head.submission) ?? [];
	}

	#open(batch: string): Opened {
		const known = this.#verdicts.get(batch);
		if (known) return known;
		const handle = this.#documents.open(`${this.#project}/${batch}/verdicts`);
		const opened = { handle, verdicts: new Verdicts(handle) };
		this.#verdicts.set(batch, opened);
		return opened;
	}

	#closeTalk(): void {
		this.#talk?.notes.close();
		this.#talk?.handle.release();
		this.#talk = undefined;
	}
}
