import fc from 'fast-check';
import * as Y from 'yjs';
import { inspectUpdate } from '#sync-server/documents/gate/inspect-update.ts';
import { hasPending } from '#sync-server/log/compact-document.ts';
import { submission } from '../../unit/sync/hostile-updates.ts';

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

/** What a few people do in several tabs, apart and together. */
export const honestHistory = fc.array(step, { minLength: 5, maxLength: 80 });

/** Plays a history before the gate. Throws where it refuses, leaves something pending, or people end up apart. */
export function playHistory(steps: readonly Step[]): void {
	const server = new Y.Doc();
	const owners = new Map<number, string>();
	const open = Array.from({ length: tabs }, (_, index) => openTab(`u${index % 3}`));
	let submissions = 0;
	const sync = ({ user, document }: Tab): void => {
		const update = Y.encodeStateAsUpdate(document, Y.encodeStateVector(server));
		const verdict = inspectUpdate(update, { document: server, part: 'answers', user, owners });
		if (verdict.kind !== 'ok' && verdict.kind !== 'known')
			throw new Error(`honest work met ${JSON.stringify(verdict)}`);
		if (verdict.kind === 'ok') {
			for (const client of verdict.claims) owners.set(client, user);
			Y.applyUpdate(server, update);
		}
		if (hasPending(server)) throw new Error('honest work left something pending');
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
	const draft = JSON.stringify(sorted(server.getMap('draft').toJSON()));
	for (const { document } of open)
		if (JSON.stringify(sorted(document.getMap('draft').toJSON())) !== draft)
			throw new Error('people who synced have different drafts');
	if (server.getMap('submitted').size > submissions)
		throw new Error('there are more submissions than were made');
}

function sorted(entries: Readonly<Record<string, unknown>>): [string, unknown][] {
	return Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1));
}
