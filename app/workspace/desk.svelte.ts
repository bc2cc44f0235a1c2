import type { Answers, SubmissionEntry, SubmitInput } from '#app/documents/parts/answers.svelte.ts';
import type { VerdictEntry, Verdicts } from '#app/documents/parts/verdicts.svelte.ts';
import type { Packet } from '#shared/api/replies.ts';
import type { PacketItem } from '#shared/replica/rows.ts';
import type { CurrentAnswer } from '#shared/corpus/corpus.ts';
import { canonicalAnswer, misfits, type Answer } from '#shared/schema/answer.ts';
import { soleChoice, type Schema, type Tool } from '#shared/schema/schema.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';
import { standingHere, type StandingHere } from '#app/model/standing-here.ts';
import type { AnswerGroup } from '#app/model/verdict-plan.ts';
import { firstToDo, isToDo, nextToDo, type ItemProgress } from './progress.ts';

/** An item left open on the desk for longer than this counts as this long: people go for coffee. */
const spentLimitMs = 10 * 60_000;

/** How far back `z` goes. */
const leftLimit = 100;

const nothing: Answer = { values: {}, regions: [], texts: {} };

/** My last word on one item; without an answer it was skipped. */
interface MyAnswer {
	readonly item: PacketItem;
	readonly index: number;
	readonly answer: Answer | undefined;
	readonly progress: ItemProgress;
}

/** What the desk stands on. */
export interface DeskParts {
	readonly packet: Packet;
	readonly schema: Schema;
	readonly me: string;
	/** Answers of the project count once a reviewer accepted them. */
	readonly reviews: boolean;
	readonly answers: Answers;
	readonly verdicts: Verdicts;
	/** Items answered differently in this batch of which it was decided in another one. */
	readonly decidedElsewhere: () => ReadonlySet<string>;
}

/** Where one item stands: worked out again only when something about it changed. */
class Place {
	readonly #standing: () => StandingHere | undefined;
	readonly #progress: (standing: StandingHere | undefined) => ItemProgress;
	/** Undefined where so little was said that there is nothing to decide. */
	readonly standing: StandingHere | undefined = $derived.by(() => this.#standing());
	readonly progress: ItemProgress = $derived.by(() => this.#progress(this.standing));

	constructor(
		standing: () => StandingHere | undefined,
		progress: (standing: StandingHere | undefined) => ItemProgress,
	) {
		this.#standing = standing;
		this.#progress = progress;
	}
}

/**
 * One person at one batch: which item lies on the desk, what is being said about it, what was said. The
 * documents hold every answer; the desk only knows where it is.
 */
export class Desk {
	readonly packet: Packet;
	readonly schema: Schema;
	readonly #me: string;
	readonly #reviews: boolean;
	readonly #answers: Answers;
	readonly #verdicts: Verdicts;
	readonly #decidedElsewhere: () => ReadonlySet<string>;
	#index = $state(0);
	#shownAtMs = performance.now();
	/** Items left with a submission, newest last: where `z` goes back to. */
	#left = $state.raw<readonly number[]>([]);
	/** Times of this sitting's submissions, for the rate. */
	times = $state.raw<readonly number[]>([]);

	/** In the order of the items: a list over 500 is read at every answer. */
	readonly #places: readonly Place[];
	/** Where every item stands for me. */
	readonly progress: readonly ItemProgress[] = $derived.by(() =>
		this.#places.map(({ progress }) => progress),
	);
	readonly toDo: number = $derived(this.progress.filter(isToDo).length);

	constructor(parts: DeskParts) {
		const { packet, schema, me, reviews, answers, verdicts, decidedElsewhere } = parts;
		this.packet = packet;
		this.schema = schema;
		this.#me = me;
		this.#reviews = reviews;
		this.#answers = answers;
		this.#verdicts = verdicts;
		this.#decidedElsewhere = decidedElsewhere;
		this.#places = packet.items.map(
			({ id }) =>
				new Place(
					() => this.#standingOf(id),
					(standing) => this.#progressOf(id, standing),
				),
		);
	}

	/** Puts the first thing to do on the desk. Called once the documents are loaded. */
	begin(): void {
		// Where `z` goes back to is as true after a reload.
		this.#left = this.myAnswers
			.slice(0, leftLimit)
			.map(({ index }) => index)
			.reverse();
		this.#show(firstToDo(this.progress));
	}

	get index(): number {
		return this.#index;
	}

	get item(): PacketItem {
		return this.packet.items[this.#index]!;
	}

	get #place(): Place {
		return this.#places[this.#index]!;
	}

	/** The items a network that fails now must not take away: the neighbours of this one. */
	get neighbours(): readonly PacketItem[] {
		const { items } = this.packet;
		const next = nextToDo(this.progress, this.#index);
		return [next, this.#index + 1, this.#index + 2, this.#index - 1].flatMap(
			(at) => items[at ?? -1] ?? [],
		);
	}

	/** The last word on the item that lies here: mine, or in a shared batch anybody's. */
	get latest(): SubmissionEntry | undefined {
		return this.#answers.latestOf(this.item.id);
	}

	/** My last word on it. */
	get mine(): SubmissionEntry | undefined {
		return this.#answers.latestOf(this.item.id, this.#me);
	}

	/** Every item I spoke about, newest word first, with where it stands. */
	get myAnswers(): readonly MyAnswer[] {
		const positions = new Map(this.packet.items.map(({ id }, index) => [id, index]));
		return this.#answers.mine(this.#me).flatMap(({ item, answer }) => {
			const index = positions.get(item);
			if (index === undefined) return [];
			return [{ item: this.packet.items[index]!, index, answer, progress: this.progress[index]! }];
		});
	}

	/** A reviewer's word on mine. */
	get verdict(): VerdictEntry | undefined {
		return this.mine && this.#verdicts.of(this.mine.id)[0];
	}

	/** Different answers of people who were apart, where the item that lies here is to settle. */
	get beside(): readonly AnswerGroup[] {
		return this.isDecidedElsewhere ? [] : (this.#place.standing?.beside ?? []);
	}

	/** People answered the item that lies here differently, and nobody has chosen yet. */
	get isToSettle(): boolean {
		return this.beside.length > 1;
	}

	/** The same, but it was taken up in another batch; what is said there is not told here. */
	get isDecidedElsewhere(): boolean {
		const isOpenHere = this.#place.standing?.state === 'settle';
		return isOpenHere && this.#decidedElsewhere().has(this.item.id);
	}

	/** The answer that counts, where it is another one than mine. */
	get chosen(): CurrentAnswer | undefined {
		return otherThan(this.mine, this.#place.standing);
	}

	/** What is on the screen: the draft, else what was said last, else what came with the item. */
	get answer(): Answer {
		const { item } = this;
		if (this.#answers.hasDraft(item.id)) return this.#answers.draftOf(item.id);
		return this.latest?.answer ?? item.current ?? nothing;
	}

	/** True when Enter would submit: the answer on the screen is complete. */
	get canSubmit(): boolean {
		return misfits(this.answer, this.schema).length === 0;
	}

	get canUndo(): boolean {
		return this.#answers.canUndo(this.item.id) || this.#left.length > 0;
	}

	/** Whether choosing with this tool submits at once: it is the sole required single choice. */
	submitsWith(tool: Tool): boolean {
		return soleChoice(this.schema)?.name === tool.name;
	}

	/** Chooses an option: replaces a single choice, toggles one of many. */
	choose(tool: Tool, option: string): void {
		const present = this.answer.values[tool.name];
		if (!tool.many) return this.#answers.setValue(this.item.id, tool.name, option);
		const chosen = Array.isArray(present) ? (present as readonly Json[]) : [];
		const next = chosen.includes(option)
			? chosen.filter((one) => one !== option)
			: [...chosen, option];
		this.#answers.setValue(this.item.id, tool.name, next);
	}

	/** Chooses and submits as one change: one update on the wire, one on the disk. */
	chooseAndSubmit(tool: Tool, option: string): readonly string[] {
		return this.#answers.together(() => {
			this.choose(tool, option);
			return this.submit();
		});
	}

	/** Submits what is on the screen and goes on. Returns what is missing, if something is. */
	submit(): readonly string[] {
		const wrong = misfits(this.answer, this.schema);
		if (wrong.length > 0)
			return wrong.map(({ path, message }) => `${path.replace('values.', '')}: ${message}`);
		const { item } = this;
		this.#answers.submit(item.id, { ...this.#about(item), answer: this.answer });
		this.#leave();
		return [];
	}

	/** Says nothing about the item and goes on. */
	skip(): void {
		this.#answers.skip(this.item.id, this.#about(this.item));
		this.#leave();
	}

	/**
	 * Undoes my last change to what is on the screen; where I did nothing yet, goes back to the item I just
	 * left and undoes there. A submission stands until another one takes its place.
	 */
	undo(): void {
		if (this.#answers.undo(this.item.id)) return;
		const last = this.#left.at(-1);
		if (last === undefined) return;
		this.#left = this.#left.slice(0, -1);
		this.#show(last);
		this.#answers.undo(this.item.id);
	}

	redo(): void {
		this.#answers.redo(this.item.id);
	}

	go(index: number): void {
		if (index >= 0 && index < this.packet.items.length) this.#show(index);
	}

	/** What goes with every submission. What was on the screen counts as seen. */
	#about({ id, heads }: PacketItem): SubmitInput {
		return {
			me: this.#me,
			spentMs: Math.round(Math.min(performance.now() - this.#shownAtMs, spentLimitMs)),
			schema: this.packet.schemaVersion,
			seen: [...heads, ...this.#answers.submissionsOf(id).map((entry) => entry.id)],
		};
	}

	#leave(): void {
		this.#left = [...this.#left.slice(1 - leftLimit), this.#index];
		this.times = [...this.times.slice(-199), Date.now()];
		const next = nextToDo(this.progress, this.#index);
		if (next !== undefined) this.#show(next);
	}

	#show(index: number): void {
		this.#index = index;
		this.#shownAtMs = performance.now();
	}

	#standingOf(item: string): StandingHere | undefined {
		const said = this.#answers.submissionsOf(item);
		if (said.length < 2) return undefined;
		return standingHere({
			said,
			verdictsOf: (submission) => this.#verdicts.of(submission),
			batch: this.packet.batch,
			reviews: this.#reviews,
		});
	}

	#progressOf(item: string, standing: StandingHere | undefined): ItemProgress {
		const mine = this.#answers.latestOf(item, this.#me);
		const verdict = mine && this.#verdicts.of(mine.id)[0]?.kind;
		if (standing?.state === 'settle' && !this.#decidedElsewhere().has(item)) return 'settle';
		if (otherThan(mine, standing)) return 'others';
		// Sent back because another answer was chosen: that asks for nothing more.
		if (verdict === 'returned' && standing && standing.state !== 'returned') return 'others';
		if (!mine) return this.#answers.latestOf(item) ? 'others' : 'open';
		if (mine.skipped) return 'skipped';
		return verdict ?? 'answered';
	}
}

/** The answer that counts, where I gave another one. */
function otherThan(
	mine: SubmissionEntry | undefined,
	standing: StandingHere | undefined,
): CurrentAnswer | undefined {
	if (!mine?.answer || standing?.state !== 'labeled' || !standing.current) return undefined;
	const isMine = canonicalAnswer(mine.answer) === canonicalAnswer(standing.current.answer);
	return isMine ? undefined : standing.current;
}
