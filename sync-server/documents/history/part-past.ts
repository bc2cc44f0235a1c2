import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { placeOf, type Authored, type Change, type Place } from '#shared/corpus/earlier.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';
import { rootMaps } from '#shared/wire/document-shape.ts';
import { unpackUpdates } from '../../log/archive-piece.ts';
import { Authors, authorsOf } from '../../log/authors.ts';
import { readDocument } from '../../log/compact-document.ts';
import type { StoredUpdate } from '../../log/stored-update.ts';
import type { StoredHistory } from '../../log/update-log.ts';
import type { PartStep } from './part-step.ts';
import { TypedText } from './typed-text.ts';

export interface PartPast {
	/** Oldest first. */
	readonly steps: readonly PartStep[];
	/** What stands there now: values by what they are about, and texts. */
	readonly present: readonly { readonly place: Place; readonly value: Json }[];
	readonly authored: readonly Authored[];
	/** When the last thing was received that no step tells of; undefined where there is none. */
	readonly untoldAt?: number;
}

/** So many steps of one item are told of, the newest; and so many changes of one step. */
const limits = { steps: 2000, changes: 500 } as const;

interface Question {
	readonly name: string;
	readonly part: Part;
	readonly item: string;
	readonly history: StoredHistory;
	/** What was received before is told of no more. */
	readonly notBefore: number;
}

/**
 * Builds a document up again, update by update, and tells what happened to one item in it. Who wrote a thing is
 * who owns its Yjs client id; who took it away is who sent that update. Throws UnreadableDocument.
 */
export function partPast({ name, part, item, history, notBefore }: Question): PartPast {
	const { base, archive, updates, owners } = history;
	const document = readDocument(name, { snapshot: base, updates: [] });
	const watch = new ItemWatch(document, part, item, owners);
	const seen: PartStep[] = [];
	for (const update of rowsOf(archive, updates)) seen.push(...watch.apply(update));
	// Typing is told of when it is over: by then others have done something too.
	const all = [...seen, ...watch.flush()].sort((one, other) => one.seq - other.seq);
	const steps = all.filter(({ at }) => at >= notBefore).slice(-limits.steps);
	const untold = all.slice(0, all.length - steps.length).map(({ at }) => at);
	if (history.baseSeq > 0) untold.push(history.baseAt);
	const untoldAt = untold.length > 0 ? Math.max(...untold) : undefined;
	const authors = new Authors([...history.authors, ...authorsOf(updates)]);
	const past = { steps, present: watch.present(), authored: watch.authored(authors) };
	document.destroy();
	return { ...past, ...(untoldAt !== undefined && { untoldAt }) };
}

/** One piece unpacked at a time. */
function* rowsOf(
	archive: StoredHistory['archive'],
	updates: StoredHistory['updates'],
): Generator<StoredUpdate> {
	for (const piece of archive) yield* unpackUpdates(piece);
	yield* updates;
}

/** What one item has in a document, and what an update does to it. */
class ItemWatch {
	readonly #document: Y.Doc;
	readonly #item: string;
	readonly #owners: ReadonlyMap<number, string>;
	/** `<map> <key>` → what stands there and since when, where that was seen. */
	readonly #shown = new Map<string, { place: Place; value: Json; id: Y.ID; at?: number }>();
	readonly #texts = new Map<string, TypedText>();
	readonly #roots: readonly string[];
	#knownRoots = 0;
	#changes: Change[] = [];
	#authors = new Set<string>();
	#now: StoredUpdate | undefined;

	constructor(document: Y.Doc, part: Part, item: string, owners: ReadonlyMap<number, string>) {
		this.#document = document;
		this.#item = item;
		this.#owners = owners;
		this.#roots = rootMaps[part];
		for (const root of this.#roots) {
			const map = document.getMap<Json>(root);
			for (const key of map.keys()) this.#look(root, key);
			map.observe(({ keysChanged }) => {
				for (const key of keysChanged) this.#look(root, key as string);
			});
		}
		this.#findTexts();
		this.#changes = [];
	}

	/** Applies an update; the steps that are complete with it. */
	apply(update: StoredUpdate): PartStep[] {
		this.#now = update;
		this.#changes = [];
		this.#authors.clear();
		Y.applyUpdate(this.#document, update.data);
		this.#findTexts();
		const typed = [...this.#texts.values()].flatMap((text) => text.heard(update) ?? []);
		if (this.#changes.length === 0) return typed;
		const [author] = this.#authors;
		const changes = this.#changes.slice(0, limits.changes);
		const left = this.#changes.length - changes.length;
		return [
			...typed,
			{
				seq: update.seq,
				at: update.at,
				user: author ?? update.user,
				changes,
				...(left > 0 && { left }),
			},
		];
	}

	/** The typing that nothing has ended yet. */
	flush(): PartStep[] {
		return [...this.#texts.values()].flatMap((text) => text.end() ?? []);
	}

	#look(root: string, key: string): void {
		const shownAs = `${root} ${key}`;
		const was = this.#shown.get(shownAs);
		const map = this.#document.getMap<Json>(root);
		const value = map.get(key);
		const place = was?.place ?? placeOf(root, key, value, this.#item);
		if (!place) return;
		const id = map._map.get(key)!.id;
		if (value === undefined) this.#shown.delete(shownAs);
		else this.#shown.set(shownAs, { place, value, id, ...(this.#now && { at: this.#now.at }) });
		if (!was && value === undefined) return;
		const author = value === undefined ? undefined : this.#owners.get(id.client);
		if (author !== undefined) this.#authors.add(author);
		this.#changes.push({ place, before: was?.value ?? null, after: value ?? null });
	}

	/** A text begins with the update that first writes in it. */
	#findTexts(): void {
		if (this.#document.share.size === this.#knownRoots) return;
		this.#knownRoots = this.#document.share.size;
		const prefix = `text/${this.#item}/`;
		for (const root of [...this.#document.share.keys()]) {
			if (!root.startsWith(prefix) || this.#texts.has(root)) continue;
			const isNew = this.#now !== undefined;
			const text = this.#document.getText(root);
			this.#texts.set(root, new TypedText(text, root.slice(prefix.length), isNew));
		}
	}

	present(): PartPast['present'] {
		return [
			...[...this.#shown.values()].map(({ place, value }) => ({ place, value })),
			...[...this.#texts.values()].map(({ place, value }) => ({ place, value })),
		];
	}

	authored(authors: Authors): Authored[] {
		const entries = [...this.#shown.values()].map(({ place, id, at }): Authored => {
			const range = authors.find(id.client, id.clock);
			const user = this.#owners.get(id.client) ?? range?.user ?? null;
			return { place, by: [{ user, at: timeOf(at ?? range?.at) }] };
		});
		const texts = [...this.#texts.values()].flatMap((text): Authored[] => {
			const by = text.writers(this.#owners, authors);
			const told = by.map(({ at, ...rest }) => ({ ...rest, at: timeOf(at) }));
			return by.length === 0 ? [] : [{ place: text.place, by: told }];
		});
		return [...entries, ...texts];
	}
}

function timeOf(at: number | undefined): string | null {
	return at === undefined ? null : new Date(at).toISOString();
}
