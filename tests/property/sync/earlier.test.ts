import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { takeBack, type Change, type EarlierStep } from '#shared/corpus/earlier.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';
import type { Answer } from '#shared/schema/answer.ts';
import { itemPast, type ItemPast } from '#sync-server/documents/history/item-past.ts';
import type { StoredUpdate } from '#sync-server/log/stored-update.ts';
import type { StoredHistory } from '#sync-server/log/update-log.ts';

const people = ['ada', 'ben', 'cleo'];
const item = 'i1';
const who = fc.nat({ max: people.length - 1 });

type Step =
	| { readonly kind: 'set' | 'delete'; readonly who: number; readonly key: string }
	| { readonly kind: 'type'; readonly who: number; readonly at: number; readonly text: string }
	| { readonly kind: 'sync'; readonly who: number }
	| { readonly kind: 'wait'; readonly seconds: number };

const key = fc.constantFrom('i1/v/tone', 'i1/r/1', 'i1/r/2', 'i2/v/tone', 'i10/r/1');
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ kind: fc.constant('set'), who, key }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('delete'), who, key }) },
	{
		weight: 5,
		arbitrary: fc.record({
			kind: fc.constant('type'),
			who,
			at: fc.nat({ max: 9 }),
			text: fc.constantFrom('a', 'aa', 'bc', '😀', '😁', '', 'ab\n'),
		}),
	},
	{ weight: 7, arbitrary: fc.record({ kind: fc.constant('sync'), who }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), seconds: fc.nat({ max: 90 }) }) },
);

function draftOf(document: Y.Doc): Answer {
	const entries = Object.entries(document.getMap<Json>('draft').toJSON());
	const mine = entries.filter(([one]) => one.startsWith(`${item}/`)).sort();
	const text = document.getText(`text/${item}/why`).toJSON();
	return {
		values: Object.fromEntries(
			mine.filter(([one]) => one.includes('/v/')).map(([one, value]) => [one.slice(5), value]),
		),
		regions: mine
			.filter(([one]) => one.includes('/r/'))
			.map(([one, value]) => ({ ...(value as object), id: one.slice(5) }) as never),
		texts: text === '' ? {} : { why: text },
	};
}

/** In one order, and without empty texts: whether one was begun is no part of what is said. */
function plain({ values, regions, texts }: Answer): Answer {
	return {
		values,
		regions: [...regions].sort((one, other) => (one.id < other.id ? -1 : 1)),
		texts: Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')),
	};
}

test('S14 the steps of an item lead from what it says now back to every state it was in', () => {
	fc.assert(
		fc.property(
			fc.array(step, { minLength: 5, maxLength: 60 }),
			fc.integer({ min: 1, max: 7 }),
			fc.nat({ max: 20 }),
			(steps, limit, folded) => {
				const server = new Y.Doc();
				const tabs = people.map(() => new Y.Doc());
				const updates: StoredUpdate[] = [];
				const states = [draftOf(server)];
				let effect: Uint8Array | undefined;
				let at = Date.parse('2026-01-01T00:00:00Z');
				let values = 0;
				server.on('update', (update: Uint8Array) => (effect = update));
				const sync = (index: number): void => {
					const tab = tabs[index]!;
					effect = undefined;
					Y.applyUpdate(server, Y.encodeStateAsUpdate(tab, Y.encodeStateVector(server)));
					Y.applyUpdate(tab, Y.encodeStateAsUpdate(server, Y.encodeStateVector(tab)));
					if (!effect) return;
					const user = people[index]!;
					updates.push({ seq: updates.length + 1, user, client: null, at, data: effect });
					states.push(draftOf(server));
				};
				for (const one of steps)
					switch (one.kind) {
						case 'set':
							tabs[one.who]!.getMap('draft').set(
								one.key,
								one.key.includes('/v/') ? values++ : { tool: 'box', shape: [values++] },
							);
							break;
						case 'delete':
							tabs[one.who]!.getMap('draft').delete(one.key);
							break;
						case 'type': {
							const text = tabs[one.who]!.getText(`text/${item}/why`);
							if (one.text === '' && one.at < text.length) text.delete(one.at, 1);
							else text.insert(Math.min(one.at, text.length), one.text);
							break;
						}
						case 'sync':
							sync(one.who);
							break;
						case 'wait':
							at += one.seconds * 1000;
							break;
					}
				for (const index of people.keys()) sync(index);

				const told = Math.min(folded, updates.length);
				const history = historyFrom(updates, told);
				const owners = new Map(tabs.map(({ clientID }, index) => [clientID, people[index]!]));
				const ask = (before?: string): ItemPast =>
					itemPast([{ name: 'p/b/answers', history: { ...history, owners } }], {
						...{ item, limit, before, notBefore: 0 },
					});
				const pages = [ask()];
				while (pages.at(-1)!.next !== undefined) pages.push(ask(pages.at(-1)!.next));
				const all = pages.flatMap((page) => page.steps);
				expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);

				let draft = pages[0]!.draft;
				expect(plain(draft)).toEqual(plain(states.at(-1)!));
				for (const page of pages) {
					expect(plain(page.draft)).toEqual(plain(draft));
					for (const one of page.steps) {
						const { values: said, regions } = plain(draft);
						const { seq, isText } = seqOf(one);
						// Typing is one step that others may have come in between; the rest is told to the update.
						if (!isText) expect({ values: said, regions }).toEqual(beside(plain(states[seq]!)));
						if (isText) expect(one.changes.every(isWellFormed)).toBe(true);
						draft = takeBack(draft, one.changes);
					}
				}
				expect(plain(draft)).toEqual(plain(states[told]!));
			},
		),
		{ numRuns: 300 },
	);
});

function beside({ values, regions }: Answer): object {
	return { values, regions };
}

function isWellFormed({ before, after }: Change): boolean {
	return [before, after].every((text) => typeof text === 'string' && text.isWellFormed());
}

function seqOf({ id }: EarlierStep): { seq: number; isText: boolean } {
	const [, seq, tool] = id.split('.');
	return { seq: Number(seq), isText: tool !== undefined };
}

/** A history whose base holds the first so many updates. */
function historyFrom(updates: readonly StoredUpdate[], told: number): StoredHistory {
	const document = new Y.Doc();
	for (const { data } of updates.slice(0, told)) Y.applyUpdate(document, data);
	return {
		...(told > 0 && { base: Y.encodeStateAsUpdateV2(document) }),
		baseSeq: told,
		baseAt: updates[told - 1]?.at ?? 0,
		archive: [],
		updates: updates.slice(told),
		owners: new Map(),
		authors: [],
	};
}
