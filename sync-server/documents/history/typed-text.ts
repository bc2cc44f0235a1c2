import * as Y from 'yjs';
import type { Change, Place } from '#shared/corpus/earlier.ts';
import type { Authors } from '../../log/authors.ts';
import type { StoredUpdate } from '../../log/stored-update.ts';
import type { PartStep } from './part-step.ts';

/** What somebody types within so long is one step. */
const togetherMs = 60_000;

/** Who wrote a piece of a text that stands there. */
interface Writer {
	readonly user: string | null;
	/** When the newest of it was received; undefined where that is not known. */
	readonly at: number | undefined;
	readonly length: number;
}

/** One long text, and who is typing in it. */
export class TypedText {
	readonly place: Place;
	readonly #text: Y.Text;
	/** What it said before the typing that is under way, before the last update, and now. */
	#told: string;
	#before: string;
	#now: string;
	#typing: { readonly since: number; last: StoredUpdate } | undefined;
	#isTouched: boolean;

	/** `isNew`: what it holds came with the update that is being taken. */
	constructor(text: Y.Text, tool: string, isNew: boolean) {
		this.place = { kind: 'text', tool };
		this.#text = text;
		this.#now = text.toJSON();
		this.#told = this.#before = isNew ? '' : this.#now;
		this.#isTouched = isNew;
		text.observe(({ delta }) => {
			this.#before = this.#now;
			const now = changed(this.#now, delta);
			// Yjs puts other characters in the place of two halves it has parted, and tells nobody.
			this.#now = now.isWellFormed() ? now : text.toJSON();
			this.#isTouched = true;
		});
	}

	get value(): string {
		return this.#now;
	}

	/** To be called after each update: the step before it, where this one is somebody else's or later. */
	heard(update: StoredUpdate): PartStep | undefined {
		if (!this.#isTouched) return undefined;
		this.#isTouched = false;
		const typing = this.#typing;
		const isSame =
			typing?.last.user === update.user && Math.abs(update.at - typing.since) < togetherMs;
		if (isSame) {
			typing.last = update;
			return undefined;
		}
		const done = this.#step(this.#before);
		this.#told = this.#before;
		this.#typing = { since: update.at, last: update };
		return done;
	}

	/** The step of the typing under way, when nothing comes after it. */
	end(): PartStep | undefined {
		return this.#step(this.#now);
	}

	#step(said: string): PartStep | undefined {
		if (!this.#typing || said === this.#told) return undefined;
		const { seq, at, user } = this.#typing.last;
		return { seq, at, user, changes: [spliced(this.place, this.#told, said)] };
	}

	/** Who wrote how much of what stands there. */
	writers(owners: ReadonlyMap<number, string>, authors: Authors): Writer[] {
		const writers = new Map<string | null, Writer>();
		for (let item = this.#text._start; item; item = item.right) {
			if (item.deleted || !item.countable) continue;
			// One item may hold what came in over several minutes: asked about its end, the newest of it.
			const range = authors.find(item.id.client, item.id.clock + item.length - 1);
			const user = owners.get(item.id.client) ?? range?.user ?? null;
			const known = writers.get(user);
			const at = Math.max(known?.at ?? 0, range?.at ?? 0);
			const length = (known?.length ?? 0) + item.length;
			writers.set(user, { user, at: at === 0 ? undefined : at, length });
		}
		return [...writers.values()];
	}
}

function changed(text: string, delta: Y.YTextEvent['delta']): string {
	let said = '';
	let at = 0;
	for (const { retain, insert, delete: removed } of delta) {
		if (retain !== undefined) said += text.slice(at, at + retain);
		if (typeof insert === 'string') said += insert;
		at += (retain ?? 0) + (removed ?? 0);
	}
	return said + text.slice(at);
}

/** What was taken out of a text and what was put in its place; no character is cut in two. */
function spliced(place: Place, before: string, after: string): Change {
	const shorter = Math.min(before.length, after.length);
	let from = 0;
	while (from < shorter && before[from] === after[from]) from++;
	if (isHalf(before, from) || isHalf(after, from)) from--;
	let end = 0;
	while (end < shorter - from && before.at(-1 - end) === after.at(-1 - end)) end++;
	if (isHalf(before, before.length - end) || isHalf(after, after.length - end)) end--;
	return {
		place,
		from,
		before: before.slice(from, before.length - end),
		after: after.slice(from, after.length - end),
	};
}

/** True where a cut would part the two halves of a character. */
function isHalf(text: string, at: number): boolean {
	return /[\uD800-\uDBFF]/.test(text[at - 1] ?? '') && /[\uDC00-\uDFFF]/.test(text[at] ?? '');
}
