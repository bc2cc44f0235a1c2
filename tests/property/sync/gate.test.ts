import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { inspectUpdate } from '#sync-server/documents/gate/inspect-update.ts';
import { hasPending } from '#sync-server/log/compact-document.ts';
import { honestDocument, submission } from '../../unit/sync/hostile-updates.ts';

type Step =
	| { readonly kind: 'draft'; readonly tab: number; readonly key: number; readonly value: number }
	| { readonly kind: 'delete'; readonly tab: number; readonly key: number }
	| { readonly kind: 'type'; readonly tab: number; readonly at: number; readonly text: string }
	| { readonly kind: 'erase'; readonly tab: number; readonly at: number; readonly count: number }
	| { readonly kind: 'submit'; readonly tab: number }
	| { readonly kind: 'undo'; readonly tab: number }
	| { readonly kind: 'sync'; readonly tab: number }
	| { readonly kind: 'reload'; readonly tab: number };

const tabs = 5;
const tab = fc.nat({ max: tabs - 1 });
const small = fc.nat({ max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.record({ kind: fc.constant('draft'), tab, key: small, value: small }),
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), tab, key: small }) },
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant('type'),
			tab,
			at: small,
			text: fc.string({ minLength: 1, maxLength: 5, unit: 'grapheme' }),
		}),
	},
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('erase'), tab, at: small, count: small }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('submit'), tab }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('undo'), tab }) },
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('sync'), tab }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('reload'), tab }) },
);

interface Tab {
	readonly user: string;
	readonly document: Y.Doc;
	readonly undo: Y.UndoManager;
}

function openTab(user: string, from?: Y.Doc): Tab {
	const document = new Y.Doc();
	if (from) Y.applyUpdate(document, Y.encodeStateAsUpdate(from));
	const scope = [document.getMap('draft'), document.getText('text/i1/why')];
	return { user, document, undo: new Y.UndoManager(scope, { captureTimeout: 0 }) };
}

test('S5 honest histories are never refused, whatever was done apart, and leave nothing pending', () => {
	fc.assert(
		fc.property(fc.array(step, { minLength: 5, maxLength: 80 }), (steps) => {
			const server = new Y.Doc();
			const owners = new Map<number, string>();
			const open = Array.from({ length: tabs }, (_, index) => openTab(`u${index % 3}`));
			let submissions = 0;
			const sync = ({ user, document }: Tab): void => {
				const update = Y.encodeStateAsUpdate(document, Y.encodeStateVector(server));
				const verdict = inspectUpdate(update, { document: server, part: 'answers', user, owners });
				expect(['ok', 'known']).toContain(verdict.kind);
				if (verdict.kind === 'ok') {
					for (const client of verdict.claims) owners.set(client, user);
					Y.applyUpdate(server, update);
				}
				expect(hasPending(server)).toBe(false);
				Y.applyUpdate(document, Y.encodeStateAsUpdate(server, Y.encodeStateVector(document)));
			};
			for (const one of steps) {
				const { user, document, undo } = open[one.tab]!;
				const text = document.getText('text/i1/why');
				switch (one.kind) {
					case 'draft':
						document.getMap('draft').set(`i${one.key}/v/t`, { value: one.value });
						break;
					case 'delete':
						document.getMap('draft').delete(`i${one.key}/v/t`);
						break;
					case 'type':
						text.insert(Math.min(one.at, text.length), one.text);
						break;
					case 'erase': {
						const at = Math.min(one.at, text.length);
						text.delete(at, Math.min(one.count, text.length - at));
						break;
					}
					case 'submit':
						document.getMap('submitted').set(`s${submissions++}`, submission('positive'));
						break;
					case 'undo':
						undo.undo();
						break;
					case 'sync':
						sync(open[one.tab]!);
						break;
					case 'reload':
						open[one.tab] = openTab(user, document);
						break;
				}
			}
			for (const one of [...open, ...open]) sync(one);
			for (const { document } of open)
				expect(document.getMap('draft').toJSON()).toEqual(server.getMap('draft').toJSON());
			expect(server.getMap('submitted').size).toBeLessThanOrEqual(submissions);
		}),
		{ numRuns: 150 },
	);
});

test('S5 mutated updates never throw, and what passes leaves nothing pending and no entry changed', () => {
	const honest = honestDocument();
	const client = new Y.Doc();
	Y.applyUpdate(client, Y.encodeStateAsUpdate(honest));
	const before = Y.encodeStateVector(client);
	client.getMap('draft').set('i1/v/sentiment', 'negative');
	client.getText('text/i1/why').insert(0, 'because');
	client.getMap('submitted').set('s2', submission('negative'));
	client.getMap('draft').delete('i2/v/sentiment');
	const update = Y.encodeStateAsUpdate(client, before);
	const owners = new Map([[1, 'ada']]);
	const mutation = fc.record({ at: fc.nat({ max: update.length - 1 }), to: fc.nat({ max: 255 }) });
	fc.assert(
		fc.property(
			fc.array(mutation, { minLength: 1, maxLength: 4 }),
			fc.option(fc.nat({ max: update.length })),
			(mutations, length) => {
				const mutated = update.slice(0, length ?? undefined);
				for (const { at, to } of mutations) if (at < mutated.length) mutated[at] = to;
				const verdict = inspectUpdate(mutated, {
					document: honest,
					part: 'answers',
					user: 'eve',
					owners,
				});
				if (verdict.kind !== 'ok') return;
				const after = new Y.Doc();
				Y.applyUpdate(after, Y.encodeStateAsUpdate(honest));
				Y.applyUpdate(after, mutated);
				expect(hasPending(after)).toBe(false);
				expect(after.getMap('submitted').get('s1')).toEqual(submission('positive'));
			},
		),
		{ numRuns: 1_500 },
	);
});
