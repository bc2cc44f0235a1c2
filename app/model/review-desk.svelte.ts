import { SvelteMap } from 'svelte/reactivity';
import type { HistoryEntry, ReviewEntry } from '#shared/api/replies.ts';
import type { ReviewDocuments } from './review-documents.svelte.ts';
import {
	acceptPlan,
	answerGroups,
	returnPlan,
	type AnswerGroup,
	type KnownVerdict,
	type PlannedVerdict,
} from './verdict-plan.ts';

/** What the desk stands on. Getters: each is read again. */
export interface ReviewDeskParts {
	readonly entries: readonly ReviewEntry[];
	/** Only answers of this person. */
	readonly by: string | undefined;
	/** Verdicts mean something: without, every answer stands until a later one names it. */
	readonly reviews: boolean;
	readonly documents: ReviewDocuments;
}

/**
 * A reviewer at work: which entry is before them, what is left, what they just decided. A decided entry
 * leaves the list at once, before the server has heard of it; a verdict is never taken back, only replaced,
 * so `back` brings the entry here again for another word.
 */
export class ReviewDesk {
	readonly #parts: ReviewDeskParts;
	#chosen = $state<string>();
	#asked = $state<string>();
	#back = $state.raw<ReviewEntry>();
	#done = $state.raw<readonly ReviewEntry[]>([]);
	/** Items settled by an answer, with the heads they had. */
	readonly #answered = new SvelteMap<string, string>();

	readonly list: readonly ReviewEntry[] = $derived.by(() => {
		const { entries, by, reviews, documents } = this.#parts;
		const open = entries.filter(
			(entry) =>
				!(reviews && documents.isDecided(entry)) &&
				this.#answered.get(entry.item.id) !== headsOf(entry) &&
				(by === undefined || entry.heads.some((head) => head.by === by)),
		);
		const back = this.#back;
		return back && !open.some(({ item }) => item.id === back.item.id) ? [back, ...open] : open;
	});
	readonly index: number = $derived(
		Math.max(
			0,
			this.list.findIndex(({ item }) => item.id === this.#chosen),
		),
	);
	readonly current: ReviewEntry | undefined = $derived(this.list[this.index]);
	readonly groups: readonly AnswerGroup[] = $derived(
		this.current ? answerGroups(this.current.heads, (head) => this.#standingOf(head)) : [],
	);

	constructor(parts: ReviewDeskParts) {
		this.#parts = parts;
	}

	/** The entry before the reviewer is one they decided already. */
	get isBack(): boolean {
		return this.#back !== undefined && this.current?.item.id === this.#back.item.id;
	}

	get canGoBack(): boolean {
		return this.#done.length > 0;
	}

	verdictsOf(head: HistoryEntry): readonly KnownVerdict[] {
		return this.current ? this.#parts.documents.verdictsOf(this.current, head) : [];
	}

	choose(index: number): void {
		this.#chosen = this.list[index]?.item.id;
		this.#asked = undefined;
		if (this.#back && this.#chosen !== this.#back.item.id) this.#back = undefined;
	}

	/** Puts an item before the reviewer, now or as soon as it is listed. */
	ask(item: string): void {
		this.#chosen = item;
		this.#asked = item;
	}

	/** What was asked for is not listed yet, and nobody has turned to something else meanwhile. */
	get isAskedMissing(): boolean {
		return this.#asked !== undefined && !this.list.some(({ item }) => item.id === this.#asked);
	}

	/** Accepts the only answer, or one of several; the others are then returned with the note. */
	accept(group = 0, note?: string): void {
		if (this.current && this.groups[group])
			this.#decide(acceptPlan(this.current, this.groups, group), note);
	}

	/** Sends it back to its author. */
	sendBack(note: string): void {
		if (this.current) this.#decide(returnPlan(this.current, this.groups), note);
	}

	/** Brings back what was decided last, for another word. */
	back(): void {
		const last = this.#done.at(-1);
		if (!last) return;
		this.#done = this.#done.slice(0, -1);
		this.#back = last;
		this.#chosen = last.item.id;
	}

	/** Takes the entry off the list while its answer is written; returns what puts it back. */
	answered(entry: ReviewEntry): () => void {
		const next = this.#neighbour();
		this.#answered.set(entry.item.id, headsOf(entry));
		this.#chosen = next;
		return () => this.#answered.delete(entry.item.id);
	}

	#decide(plan: readonly PlannedVerdict[], note: string | undefined): void {
		const { current } = this;
		const next = this.#neighbour();
		const answered = current!.heads.flatMap((head) => this.verdictsOf(head));
		this.#parts.documents.decide(plan, note, answered);
		this.#done = [...this.#done.slice(-99), current!];
		this.#back = undefined;
		this.#asked = undefined;
		this.#chosen = next;
	}

	/** What is decided already. Who comes back to an entry decides it anew, as it lay there before. */
	#standingOf(head: HistoryEntry): readonly KnownVerdict[] {
		if (!this.#parts.reviews) return [];
		return this.isBack ? head.verdicts : this.verdictsOf(head);
	}

	#neighbour(): string | undefined {
		return (this.list[this.index + 1] ?? this.list[this.index - 1])?.item.id;
	}
}

function headsOf({ heads }: ReviewEntry): string {
	return heads.map(({ submission }) => submission).join(' ');
}
