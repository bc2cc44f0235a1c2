import {
	earlierParts,
	regionOf,
	takeBack,
	type Authored,
	type Change,
	type EarlierStep,
} from '#shared/corpus/earlier.ts';
import type { Answer } from '#shared/schema/answer.ts';
import type { StoredHistory } from '../../log/update-log.ts';
import { partPast, type PartPast } from './part-past.ts';
import type { PartStep } from './part-step.ts';

/** What is asked about an item in a batch: a page of what happened to it. */
export interface PastQuestion {
	readonly item: string;
	/** What was received before is told of no more; milliseconds since the epoch. */
	readonly notBefore: number;
	/** Where the page before ended, as `next` said. */
	readonly before?: string | undefined;
	/** So many steps. */
	readonly limit: number;
}

export interface ItemPast {
	/** Newest first. */
	readonly steps: readonly EarlierStep[];
	readonly next?: string;
	/** The draft as it was after the newest of these steps. */
	readonly draft: Answer;
	readonly authored: readonly Authored[];
	/** What was written until then is not told of; null where everything is. */
	readonly untoldUntil: string | null;
}

/** A page says this much at most, and one step at least. */
const pageBytes = 1024 * 1024;

interface Placed extends PartStep {
	readonly part: number;
}

/** What happened to an item in the three documents of a batch, as `earlierParts` orders them. */
export function itemPast(
	documents: readonly { readonly name: string; readonly history: StoredHistory }[],
	{ item, notBefore, before, limit }: PastQuestion,
): ItemPast {
	const parts = documents.map(({ name, history }, index) =>
		partPast({ name, part: earlierParts[index]!, item, history, notBefore }),
	);
	const all = inOrder(parts);
	// A page ends before one update of each document: what comes in meanwhile moves nothing.
	const ends = before?.split('.').map(Number);
	const start = ends ? all.findIndex(({ part, seq }) => seq < ends[part]!) : 0;
	const rest = start < 0 ? [] : all.slice(start);
	const newer = start < 0 ? all : all.slice(0, start);
	const page = fitting(rest, limit);
	const draft = takeBack(
		draftOf(parts[0]!),
		newer.toReversed().flatMap(({ changes }) => changes),
	);
	const next = page.length < rest.length ? endOf(page, ends) : undefined;
	const untoldAt = Math.max(...parts.map((part) => part.untoldAt ?? 0));
	return {
		steps: page.map(({ part, seq, at, ...step }) => ({
			id: idOf(part, seq, step.changes),
			at: new Date(at).toISOString(),
			...step,
		})),
		...(next !== undefined && { next }),
		draft,
		authored: parts.flatMap(({ authored }) => authored),
		untoldUntil: untoldAt === 0 ? null : new Date(untoldAt).toISOString(),
	};
}

/** An update is one step, and the typing in each text that ended with it is one more. */
function idOf(part: number, seq: number, [first]: readonly Change[]): string {
	const id = `${earlierParts[part]!}.${seq}`;
	return first?.place.kind === 'text' ? `${id}.${first.place.tool}` : id;
}

/** Steps of all documents, newest first: by time, and never against the order within a document. */
function inOrder(parts: readonly PartPast[]): Placed[] {
	const left = parts.map(({ steps }) => steps.length);
	const merged: Placed[] = [];
	for (;;) {
		let newest: Placed | undefined;
		for (const [part, { steps }] of parts.entries()) {
			const step = steps[left[part]! - 1];
			if (step && (!newest || step.at > newest.at)) newest = { ...step, part };
		}
		if (!newest) return merged;
		left[newest.part]!--;
		merged.push(newest);
	}
}

function fitting(steps: readonly Placed[], limit: number): readonly Placed[] {
	let bytes = 0;
	const end = steps.findIndex((step, index) => {
		bytes += JSON.stringify(step.changes).length;
		return index > 0 && (index >= limit || bytes > pageBytes) && !isSameUpdate(steps, index);
	});
	return end < 0 ? steps : steps.slice(0, end);
}

/** Several texts may end with one update: no page comes between. */
function isSameUpdate(steps: readonly Placed[], index: number): boolean {
	const [one, other] = [steps[index - 1]!, steps[index]!];
	return one.part === other.part && one.seq === other.seq;
}

function endOf(page: readonly Placed[], ends: readonly number[] | undefined): string {
	return earlierParts
		.map((_, part) => {
			const oldest = page.findLast((step) => step.part === part);
			return oldest?.seq ?? ends?.[part] ?? Number.MAX_SAFE_INTEGER;
		})
		.join('.');
}

function draftOf({ present }: PartPast): Answer {
	const values: Answer['values'] = {};
	const texts: Answer['texts'] = {};
	const regions: Answer['regions'] = [];
	for (const { place, value } of present)
		if (place.kind === 'value') values[place.tool] = value;
		else if (place.kind === 'region') regions.push(regionOf(place.region, value));
		else if (place.kind === 'text') texts[place.tool] = typeof value === 'string' ? value : '';
	return { values, texts, regions };
}
