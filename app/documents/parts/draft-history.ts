import { z } from 'zod';
import type { Json } from '#shared/numbers/canonical-json.ts';
import { canonicalJson } from '#shared/numbers/canonical-json.ts';
import { jsonShape } from '#shared/schema/json.ts';

const changeShape = z.object({
	key: z.string().max(200),
	before: jsonShape.optional(),
	after: jsonShape.optional(),
});
const stepShape = z.array(changeShape).min(1);

/** One key before and after a change made here; undefined where it was or is not there. */
export interface DraftChange {
	readonly key: string;
	readonly before: Json | undefined;
	readonly after: Json | undefined;
}

/** The part of a map that undo needs. */
export interface DraftMap {
	get(key: string): Json | undefined;
	set(key: string, value: Json): unknown;
	delete(key: string): void;
}

/** Steps that can be undone and done again, each a gesture, oldest first. */
export interface DraftSteps<Step = readonly DraftChange[]> {
	readonly undo: readonly Step[];
	readonly redo: readonly Step[];
}

/** Where the steps of an item outlive the page. */
export interface DraftStepStore {
	/** What was kept; whatever it is by now, since others can write to this device's storage. */
	recall(item: string): DraftSteps<unknown> | undefined;
	keep(item: string, steps: DraftSteps): void;
}

const limit = 200;
const nothing: DraftSteps = { undo: [], redo: [] };
/** What is kept of an item: its newest steps, as many characters of JSON as this. */
const keptChars = 100_000;

/**
 * What was done to drafts on this device, item by item, so that undo changes only what is on screen. Not
 * Y.UndoManager: its one stack is over all items, it keeps every overwritten value alive, and it ends with the
 * page. Drafts are flat keys with whole values, so a step back is the value before — unless somebody else
 * has changed the key since, which undo leaves alone.
 */
export class DraftHistory {
	readonly #store: DraftStepStore;
	readonly #items = new Map<string, DraftSteps>();

	constructor(store: DraftStepStore) {
		this.#store = store;
	}

	/** Notes one gesture: it is undone whole. */
	push(item: string, changes: readonly DraftChange[]): void {
		const { undo } = this.#stepsOf(item);
		this.#put(item, { undo: [...undo.slice(1 - limit), changes], redo: [] });
	}

	canUndo(item: string): boolean {
		return this.#stepsOf(item).undo.length > 0;
	}

	canRedo(item: string): boolean {
		return this.#stepsOf(item).redo.length > 0;
	}

	/** Takes back the newest gesture on the item; false when nothing is left to take back. */
	undo(item: string, map: DraftMap): boolean {
		const { undo, redo } = this.#stepsOf(item);
		const changes = undo.at(-1);
		if (!changes) return false;
		this.#put(item, { undo: undo.slice(0, -1), redo: [...redo, changes] });
		for (const { key, before, after } of changes) move(map, key, after, before);
		return true;
	}

	/** Does again what was taken back last. */
	redo(item: string, map: DraftMap): boolean {
		const { undo, redo } = this.#stepsOf(item);
		const changes = redo.at(-1);
		if (!changes) return false;
		this.#put(item, { undo: [...undo, changes], redo: redo.slice(0, -1) });
		for (const { key, before, after } of changes) move(map, key, before, after);
		return true;
	}

	#stepsOf(item: string): DraftSteps {
		const known = this.#items.get(item);
		if (known) return known;
		const kept = this.#store.recall(item);
		if (!kept) return nothing; // perhaps it is not read yet
		const steps = { undo: readSteps(item, kept.undo), redo: readSteps(item, kept.redo) };
		this.#items.set(item, steps);
		return steps;
	}

	#put(item: string, steps: DraftSteps): void {
		this.#items.set(item, steps);
		this.#store.keep(item, { undo: newest(steps.undo), redo: newest(steps.redo) });
	}
}

/** The steps on an item, as far back as they can be read. */
function readSteps(item: string, kept: readonly unknown[]): (readonly DraftChange[])[] {
	const steps = Array.isArray(kept) ? kept.slice(-limit) : [];
	const read = steps.map((step) => {
		const changes = stepShape.safeParse(step).data;
		if (!changes?.every(({ key }) => key.startsWith(`${item}/`))) return undefined;
		return changes.map(({ key, before, after }) => ({ key, before, after }));
	});
	return read.slice(read.lastIndexOf(undefined) + 1) as (readonly DraftChange[])[];
}

const chars = new WeakMap<readonly DraftChange[], number>();

function newest(steps: readonly (readonly DraftChange[])[]): (readonly DraftChange[])[] {
	let left = keptChars;
	const from = steps.findLastIndex((step) => {
		const count = chars.get(step) ?? JSON.stringify(step).length;
		chars.set(step, count);
		left -= count;
		return left < 0;
	});
	return steps.slice(from + 1);
}

function move(map: DraftMap, key: string, from: Json | undefined, to: Json | undefined): void {
	if (!isSame(map.get(key), from)) return;
	if (to === undefined) map.delete(key);
	else map.set(key, to);
}

/** True when both are absent or say the same. */
export function isSame(a: Json | undefined, b: Json | undefined): boolean {
	if (a === undefined || b === undefined) return a === b;
	return canonicalJson(a) === canonicalJson(b);
}
