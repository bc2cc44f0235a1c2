import type { Part } from '../access/access.ts';
import type { Json } from '../numbers/canonical-json.ts';
import type { Answer } from '../schema/answer.ts';
import { parseValueKey, parseVerdictKey } from '../wire/document-shape.ts';

/** What is written about an item in the documents of one batch, each thing by what it is. */
export type Place =
	| { readonly kind: 'value'; readonly tool: string }
	| { readonly kind: 'region'; readonly region: string }
	| { readonly kind: 'text'; readonly tool: string }
	| { readonly kind: 'submission'; readonly submission: string }
	| { readonly kind: 'verdict'; readonly submission: string; readonly user: string }
	| { readonly kind: 'note'; readonly note: string };

/**
 * One thing that became another; null where there was none, or is none any more. Of a text it is what was
 * taken out and what was put in its place, at `from` (UTF-16 code units).
 */
export interface Change {
	readonly place: Place;
	readonly before: Json | null;
	readonly after: Json | null;
	readonly from?: number;
}

/** What one person did to an item at one moment; somebody's typing within a minute is one step. */
export interface EarlierStep {
	/** One of its kind among the steps of an item in a batch. */
	readonly id: string;
	/** When the server received it. */
	readonly at: string;
	readonly user: string;
	readonly changes: readonly Change[];
	/** So many changes of the same step are left out. */
	readonly left?: number;
}

/** Something that stands there now: who wrote it and when, as the server received it. */
export interface Authored {
	readonly place: Place;
	/** Who wrote how much of it: one for all but a text that several typed in. */
	readonly by: readonly {
		/** Null where nobody is known to have written it. */
		readonly user: string | null;
		/** Null where it was written before the server kept such times. */
		readonly at: string | null;
		/** Of a text: how many code units. */
		readonly length?: number;
	}[];
}

/** What an entry of a map of a batch's documents is about; undefined where that is no item's, or another's. */
export function placeOf(map: string, key: string, value: unknown, item: string): Place | undefined {
	switch (map) {
		case 'draft': {
			if (!key.startsWith(`${item}/`)) return undefined;
			const tool = parseValueKey(key)?.tool;
			return tool === undefined
				? { kind: 'region', region: key.slice(item.length + 3) }
				: { kind: 'value', tool };
		}
		case 'verdict': {
			const named = parseVerdictKey(key);
			if (named?.item !== item) return undefined;
			return { kind: 'verdict', submission: named.submission, user: named.user };
		}
		case 'submitted':
			return isAbout(value, item) ? { kind: 'submission', submission: key } : undefined;
		case 'note':
			return isAbout(value, item) ? { kind: 'note', note: key } : undefined;
		default:
			return undefined;
	}
}

function isAbout(value: unknown, item: string): boolean {
	return typeof value === 'object' && value !== null && 'item' in value && value.item === item;
}

/** The parts of a batch's documents, in the order in which they are told of. */
export const earlierParts = ['answers', 'verdicts', 'notes'] as const satisfies readonly Part[];

/** The draft as it was before some changes to it; what they do not speak of stays. */
export function takeBack(draft: Answer, changes: readonly Change[]): Answer {
	const values = { ...draft.values };
	const texts = { ...draft.texts };
	let regions = draft.regions;
	for (const { place, before, after, from = 0 } of changes.toReversed())
		switch (place.kind) {
			case 'value':
				if (before === null) delete values[place.tool];
				else values[place.tool] = before;
				break;
			case 'region': {
				const was = before === null ? [] : [regionOf(place.region, before)];
				const at = regions.findIndex(({ id }) => id === place.region);
				regions = at < 0 ? [...regions, ...was] : regions.toSpliced(at, 1, ...was);
				break;
			}
			case 'text': {
				const text = texts[place.tool] ?? '';
				const end = text.slice(from + textOf(after).length);
				texts[place.tool] = text.slice(0, from) + textOf(before) + end;
				break;
			}
			case 'submission':
			case 'verdict':
			case 'note':
				break;
		}
	return { values, texts, regions };
}

function textOf(said: Json | null): string {
	return typeof said === 'string' ? said : '';
}

/** A region of a draft as answers carry it. */
export function regionOf(id: string, value: Json): Answer['regions'][number] {
	const said = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
	return { tool: '', shape: null, ...said, id };
}
