import type { Json } from '#shared/numbers/canonical-json.ts';
import { canonicalJson } from '#shared/numbers/canonical-json.ts';

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

interface Stacks {
	readonly undo: (readonly DraftChange[])[];
	readonly redo: (readonly DraftChange[])[];
}

const limit = 200;

/**
 * What was done to drafts on this page, item by item, so that undo changes only what is on screen. Not
 * Y.UndoManager: its one stack is over all items, and it keeps every overwritten value alive. Drafts are
 * flat keys with whole values, so a step back is the value before — unless somebody else has changed the
 * key since, which undo leaves alone.
 */
export class DraftHistory {
	readonly #items = new Map<string, Stacks>();

	/** Notes one gesture: it is undone whole. */
	push(item: string, changes: readonly DraftChange[]): void {
		const stacks = this.#items.get(item) ?? { undo: [], redo: [] };
		this.#items.set(item, stacks);
		stacks.undo.push(changes);
		stacks.redo.length = 0;
		if (stacks.undo.length > limit) stacks.undo.shift();
	}

	canUndo(item: string): boolean {
		return (this.#items.get(item)?.undo.length ?? 0) > 0;
	}

	canRedo(item: string): boolean {
		return (this.#items.get(item)?.redo.length ?? 0) > 0;
	}

	/** Takes back the newest gesture on the item; false when nothing is left to take back. */
	undo(item: string, map: DraftMap): boolean {
		const stacks = this.#items.get(item);
		const changes = stacks?.undo.pop();
		if (!stacks || !changes) return false;
		stacks.redo.push(changes);
		for (const { key, before, after } of changes) move(map, key, after, before);
		return true;
	}

	/** Does again what was taken back last. */
	redo(item: string, map: DraftMap): boolean {
		const stacks = this.#items.get(item);
		const changes = stacks?.redo.pop();
		if (!stacks || !changes) return false;
		stacks.undo.push(changes);
		for (const { key, before, after } of changes) move(map, key, before, after);
		return true;
	}
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
