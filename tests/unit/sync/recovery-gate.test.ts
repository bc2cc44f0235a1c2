import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { inspectUpdate } from '#sync-server/documents/gate/inspect-update.ts';
import { submission } from './hostile-updates.ts';

/** A restored server, and what its gate says to whoever brings something back. */
function restored(part: Part = 'answers', owners: readonly (readonly [number, string])[] = []) {
	const server = new Y.Doc();
	const known = new Map(owners);
	const judge = (user: string, update: Uint8Array, ownClients?: readonly number[]) => {
		const verdict = inspectUpdate(update, {
			document: server,
			part,
			user,
			owners: known,
			ownClients: ownClients && new Set(ownClients),
		});
		if (verdict.kind !== 'ok') return verdict.kind === 'refuse' ? verdict.refusal : verdict.kind;
		for (const client of verdict.claims) known.set(client, user);
		for (const client of verdict.recovered) known.set(client, `recovered:${user}`);
		Y.applyUpdate(server, update);
		return 'ok';
	};
	return { server, known, judge };
}

function written(client: number, write: (document: Y.Doc) => void, from?: Y.Doc): Y.Doc {
	const document = new Y.Doc();
	if (from) Y.applyUpdate(document, Y.encodeStateAsUpdate(from));
	document.clientID = client;
	document.transact(() => write(document));
	return document;
}

const all = (document: Y.Doc) => Y.encodeStateAsUpdate(document);
const at = '2026-01-01T00:00:00Z';

describe('S16 what the server lost comes back from whoever has it', () => {
	test('one’s own is one’s own, the others’ is recovered, in one update', () => {
		const { known, judge, server } = restored();
		const mine = written(1, (one) => one.getMap('submitted').set('s1', submission('positive')));
		const both = written(
			2,
			(one) => one.getMap('submitted').set('s2', submission('negative')),
			mine,
		);
		expect(judge('ada', all(both), [1])).toBe('ok');
		expect(known).toEqual(
			new Map([
				[1, 'ada'],
				[2, 'recovered:ada'],
			]),
		);
		expect(server.getMap('submitted').size).toBe(2);
		expect(judge('bob', all(both), [2])).toBe('known');
	});

	test('the rest of somebody’s work may come through another; nobody goes on writing as them', () => {
		const { known, judge } = restored();
		const begun = written(2, (one) => one.getMap('draft').set('i1/v/t', 'a'));
		expect(judge('ada', all(begun), [])).toBe('ok');
		const rest = written(2, (one) => one.getMap('draft').set('i2/v/t', 'b'), begun);
		expect(judge('bob', all(rest))).toBe('foreignClient');
		expect(judge('bob', all(rest), [])).toBe('ok');
		expect(known.get(2)).toBe('recovered:ada');
	});

	test('a client id that somebody owns stays theirs, whatever is claimed', () => {
		const { judge } = restored('answers', [[2, 'bob']]);
		const forged = all(written(2, (one) => one.getMap('draft').set('i1/v/t', 'a')));
		for (const own of [undefined, [], [2]]) expect(judge('eve', forged, own)).toBe('foreignClient');
		expect(judge('bob', forged, [2])).toBe('ok');
	});

	test('what somebody wrote is changed by nobody in their name, nor deleted', () => {
		const { judge, server } = restored('notes', [[1, 'bob']]);
		const note = (text: string) => ({ item: 'i1', by: 'bob', at, text });
		const first = written(1, (one) => one.getMap('note').set('n1', note('one')));
		expect(judge('bob', all(first))).toBe('ok');
		const edited = written(5, (one) => one.getMap('note').set('n1', note('two')), first);
		expect(judge('eve', all(edited), [])).toBe('authored');
		expect(judge('eve', all(edited), [5])).toBe('authored');
		const gone = written(6, (one) => one.getMap('note').delete('n1'), first);
		expect(judge('eve', all(gone), [])).toBe('authored');
		expect(server.getMap('note').get('n1')).toEqual(note('one'));
	});

	test('the shape of a document holds for what is brought back, too', () => {
		const { judge } = restored();
		expect(judge('eve', all(written(5, (one) => one.getMap('other').set('k', 1))), [])).toBe(
			'shape',
		);
		const bad = written(6, (one) => one.getMap('submitted').set('s1', { item: 'i1' }));
		expect(judge('eve', all(bad), [])).toBe('shape');
	});

	test('a verdict of somebody else comes back as recovered, and only so', () => {
		const { judge, known } = restored('verdicts');
		const verdict = all(
			written(7, (one) => one.getMap('verdict').set('i1/s1/bob', { kind: 'accepted', at })),
		);
		expect(judge('ada', verdict)).toBe('shape');
		expect(judge('ada', verdict, [7])).toBe('shape');
		expect(judge('ada', verdict, [])).toBe('ok');
		expect(known.get(7)).toBe('recovered:ada');
	});
});
