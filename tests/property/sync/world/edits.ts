import fc from 'fast-check';
import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { submittedShape, type Submitted } from '#shared/corpus/submission.ts';
import { valueKey, verdictKey } from '#shared/wire/document-shape.ts';

/** One gesture of somebody in a document, by numbers: what they mean hangs on what is there. */
export interface Gesture {
	readonly kind: 'value' | 'region' | 'erase' | 'type' | 'rub out' | 'submit' | 'skip' | 'say';
	readonly item: number;
	readonly number: number;
}

export const gesture: fc.Arbitrary<Gesture> = fc.record({
	kind: fc.oneof(
		{ weight: 4, arbitrary: fc.constant('value' as const) },
		{ weight: 3, arbitrary: fc.constant('region' as const) },
		{ weight: 3, arbitrary: fc.constant('erase' as const) },
		{ weight: 3, arbitrary: fc.constant('type' as const) },
		{ weight: 2, arbitrary: fc.constant('rub out' as const) },
		{ weight: 4, arbitrary: fc.constant('submit' as const) },
		{ weight: 1, arbitrary: fc.constant('skip' as const) },
		{ weight: 2, arbitrary: fc.constant('say' as const) },
	),
	item: fc.nat({ max: 3 }),
	number: fc.nat({ max: 9 }),
});

export interface Author {
	readonly user: string;
	readonly at: string;
	/** Items of the batch. */
	readonly items: readonly string[];
	/** A new id, for what has one. */
	readonly newId: string;
	/** Submissions of this batch that the author has seen, for what speaks of one. */
	readonly seen: readonly { readonly id: string; readonly item: string }[];
}

const moods = ['good', 'bad', 'mixed'] as const;

/** Does what somebody does in a document of this part, in the shapes that the app writes. */
export function apply(document: Y.Doc, part: Part, gesture: Gesture, author: Author): void {
	switch (part) {
		case 'answers':
			return answer(document, gesture, author);
		case 'verdicts':
			return judge(document, gesture, author);
		case 'notes':
			return note(document, gesture, author);
	}
}

function answer(document: Y.Doc, { kind, item: which, number }: Gesture, author: Author): void {
	const item = author.items[which % author.items.length]!;
	const draft = document.getMap<unknown>('draft');
	const text = document.getText(`text/${item}/why`);
	switch (kind) {
		case 'value':
			draft.set(valueKey(item, 'mood'), moods[number % 3]);
			return;
		case 'region':
			draft.set(`${item}/r/region${number % 4}`, {
				tool: 'boxes',
				label: 'thing',
				shape: { x: number, y: 1, width: 2, height: 3 },
			});
			return;
		case 'erase': {
			const keys = [...draft.keys()];
			const key = keys[number % Math.max(1, keys.length)];
			if (key !== undefined) draft.delete(key);
			return;
		}
		case 'type':
			text.insert(Math.min(number, text.length), `words ${number} 🙂 `);
			return;
		case 'rub out': {
			const at = Math.min(number, text.length);
			text.delete(at, Math.min(3, text.length - at));
			return;
		}
		case 'submit':
		case 'skip':
		case 'say': {
			const mood = kind === 'skip' ? undefined : moods[number % 3]!;
			const after = author.seen.filter((one) => one.item === item).map(({ id }) => id);
			document.getMap('submitted').set(author.newId, said(item, mood, after, author));
			draft.delete(valueKey(item, 'mood'));
		}
	}
}

function said(
	item: string,
	mood: string | undefined,
	after: readonly string[],
	{ user, at }: Author,
): Submitted {
	return submittedShape.parse({
		item,
		by: user,
		at,
		spentMs: 1000,
		schema: 1,
		guess: 'none',
		after,
		...(mood === undefined
			? { skipped: true }
			: { answer: { values: { mood }, regions: [], texts: {} } }),
	});
}

function judge(document: Y.Doc, { number }: Gesture, { user, at, seen }: Author): void {
	const one = seen[number % Math.max(1, seen.length)];
	if (!one) return;
	const kind = number % 2 === 0 ? 'accepted' : 'returned';
	document.getMap('verdict').set(verdictKey(one.item, one.id, user), { kind, at });
}

function note(document: Y.Doc, { item, number }: Gesture, author: Author): void {
	const { user, at, items, newId } = author;
	const text = `Note ${number}`;
	document.getMap('note').set(newId, { item: items[item % items.length]!, by: user, at, text });
}
