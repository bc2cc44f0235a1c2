import type * as Y from 'yjs';
import type { Submitted } from '#shared/corpus/submission.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';
import type { Answer } from '#shared/schema/answer.ts';
import { parseValueKey, valueKey } from '#shared/wire/document-shape.ts';
import { DraftHistory, isSame, type DraftChange } from './draft-history.ts';
import { KeyedSignals } from './keyed-signals.svelte.ts';
import { MapIndex } from './map-index.ts';
import { newId } from './new-id.ts';
import { isJson } from '../unsent/spell.ts';
import type { DocumentHandle } from '../open-document.svelte.ts';
import {
	lastWord,
	lastWordPerItem,
	namedAsSeen,
	readSubmissions,
	timeNow,
	type SubmissionEntry,
} from './submissions.ts';

export type { SubmissionEntry } from './submissions.ts';

export interface SubmitInput {
	/** Who answers: a user id. */
	readonly me: string;
	readonly spentMs: number;
	/** Version of the schema that the batch is pinned to. */
	readonly schema: number;
	readonly guess?: Submitted['guess'];
	/** Submissions of other people and batches that were on screen: the packet's heads, and what was shown. */
	readonly seen: readonly string[];
	/** Say this instead of the draft. */
	readonly answer?: Answer;
	readonly at?: string;
}

/** What this page knows about the open Y.Doc; thrown away when the document is begun anew. */
interface Bound {
	readonly doc: Y.Doc;
	readonly drafts: MapIndex<Json>;
	readonly submitted: MapIndex<Submitted>;
	/** What was read of an item since it changed last: a list over 500 items asks for all of them each time. */
	readonly read: Map<string, readonly SubmissionEntry[]>;
}

const everything = '*';

/**
 * What is being said and was said in a batch: the answers document by its meaning. Reading within an
 * effect follows the one item that was read, so a key press redraws one item in a batch of 500.
 */
export class Answers {
	readonly #handle: DocumentHandle;
	readonly #signals = new KeyedSignals();
	readonly #history: DraftHistory;
	#bound: Bound | undefined;

	constructor(handle: DocumentHandle) {
		this.#handle = handle;
		this.#history = new DraftHistory({
			recall: (item) => handle.undoOf(item),
			keep: (item, steps) => handle.keepUndo(item, steps),
		});
	}

	/** The answer being given for an item, as far as it goes. */
	draftOf(item: string): Answer {
		const { drafts } = this.#follow(item);
		const values: Record<string, Json> = {};
		const regions: Answer['regions'] = [];
		for (const key of drafts.keysOf(item)) {
			const value = drafts.map.get(key);
			const tool = parseValueKey(key)?.tool;
			if (value === undefined || !isJson(value)) continue;
			if (tool !== undefined) values[tool] = value;
			else
				regions.push({
					...(value as object),
					id: key.slice(item.length + 3),
				} as (typeof regions)[number]);
		}
		return { values, regions, texts: {} };
	}

	/** True when anything is being said about the item. */
	hasDraft(item: string): boolean {
		return this.#follow(item).drafts.has(item);
	}

	/** Gives a value with a tool; undefined takes it away. One step of undo. */
	setValue(item: string, tool: string, value: Json | undefined): void {
		this.#edit(item, [[valueKey(item, tool), value]]);
	}

	/** Puts a whole answer into the draft, a guess that is taken over say. One step of undo. */
	setValues(item: string, values: Readonly<Record<string, Json | undefined>>): void {
		this.#edit(
			item,
			Object.entries(values).map(([tool, value]) => [valueKey(item, tool), value]),
		);
	}

	/** Submits the draft, or the answer given; answers the new submission's id. It is never changed afterwards. */
	submit(item: string, input: SubmitInput): string {
		return this.#submit(item, input, { answer: input.answer ?? this.draftOf(item) });
	}

	/** Passes an item over: it goes back to the pool. */
	skip(item: string, input: SubmitInput): string {
		return this.#submit(item, { ...input, guess: 'none' }, { skipped: true });
	}

	/** Does several changes as one update, such as a value and its submission. */
	together<T>(change: () => T): T {
		return this.#handle.transact(change);
	}

	/** All submissions of an item in this batch, oldest first. */
	submissionsOf(item: string): readonly SubmissionEntry[] {
		const { submitted, read } = this.#follow(item);
		const known = read.get(item) ?? readSubmissions(submitted, submitted.keysOf(item));
		read.set(item, known);
		return known;
	}

	/** The newest submission of an item; with a user, the newest of theirs. */
	latestOf(item: string, user?: string): SubmissionEntry | undefined {
		const entries = this.submissionsOf(item);
		return lastWord(user === undefined ? entries : entries.filter(({ by }) => by === user));
	}

	/** True when the item was answered or skipped; with a user, by them. */
	isSubmitted(item: string, user?: string): boolean {
		return user === undefined
			? this.#follow(item).submitted.has(item)
			: this.latestOf(item, user) !== undefined;
	}

	/** Everything that a person said in this batch, newest first: the last word per item. */
	mine(user: string): SubmissionEntry[] {
		const { submitted } = this.#follow(everything);
		const all = readSubmissions(submitted, submitted.map.keys());
		return lastWordPerItem(all.filter(({ by }) => by === user));
	}

	/** How many items were answered or skipped, by anybody. */
	get submittedCount(): number {
		return this.#follow(everything).submitted.size;
	}

	canUndo(item: string): boolean {
		this.#follow(item);
		return this.#history.canUndo(item);
	}

	canRedo(item: string): boolean {
		this.#follow(item);
		return this.#history.canRedo(item);
	}

	/** Takes back the newest change that was made on this device to the item's draft; false when there is none. */
	undo(item: string): boolean {
		return this.#handle.transact(() => this.#history.undo(item, this.#bind().drafts));
	}

	redo(item: string): boolean {
		return this.#handle.transact(() => this.#history.redo(item, this.#bind().drafts));
	}

	/** Lets go of the document's events; releasing the handle is its owner's. */
	close(): void {
		this.#bound?.drafts.close();
		this.#bound?.submitted.close();
		this.#bound = undefined;
	}

	#edit(item: string, entries: readonly (readonly [string, Json | undefined])[]): void {
		const { drafts } = this.#bind();
		const changes: DraftChange[] = entries
			.map(([key, after]) => ({ key, before: drafts.get(key), after }))
			.filter(({ before, after }) => !isSame(before, after));
		if (changes.length === 0) return;
		this.#handle.transact(() => {
			for (const { key, after } of changes)
				if (after === undefined) drafts.delete(key);
				else drafts.set(key, after);
			this.#history.push(item, changes);
		});
	}

	#submit(
		item: string,
		{ me, spentMs, schema, guess = 'none', seen, at = timeNow() }: SubmitInput,
		what: { answer: Answer } | { skipped: true },
	): string {
		const { submitted, read } = this.#bind();
		// One's own earlier word is always seen: without it a correction would stand beside what it corrects.
		const own = readSubmissions(submitted, submitted.keysOf(item)).filter(({ by }) => by === me);
		const id = newId();
		read.delete(item);
		this.#handle.transact(() => {
			submitted.set(id, {
				item,
				by: me,
				at,
				spentMs: Math.max(0, Math.min(86_400_000, Math.round(spentMs))),
				schema,
				...what,
				guess,
				after: namedAsSeen(seen, own),
			});
		});
		return id;
	}

	#follow(group: string): Bound {
		const bound = this.#bind();
		this.#signals.read(group);
		return bound;
	}

	/** The indexes over the doc as it is now: after a refusal it is another doc, with the same readers. */
	#bind(): Bound {
		const { doc } = this.#handle;
		if (this.#bound?.doc === doc) return this.#bound;
		this.close();
		const announce = (groups: ReadonlySet<string>, isLocal: boolean) =>
			this.#signals.announceChange(groups, isLocal);
		const read: Bound['read'] = new Map();
		this.#bound = {
			doc,
			read,
			drafts: new MapIndex(doc.getMap<Json>('draft'), itemOfKey, announce),
			submitted: new MapIndex(
				doc.getMap<Submitted>('submitted'),
				(_key, value) => value?.item,
				(groups, isLocal) => {
					for (const group of groups) read.delete(group);
					announce(new Set([...groups, everything]), isLocal);
				},
			),
		};
		return this.#bound;
	}
}

function itemOfKey(key: string): string | undefined {
	const end = key.indexOf('/');
	return end < 0 ? undefined : key.slice(0, end);
}
