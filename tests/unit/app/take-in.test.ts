import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { planTakeIn, type TakeInInput } from '#app/documents/unsent/take-in.ts';
import { rewrite } from '#app/documents/unsent/rewrite.ts';
import {
	parseWorkFile,
	printWorkFile,
	type WorkDocument,
} from '#app/documents/unsent/work-file.ts';

function said(by: string, after: string[] = []) {
	return {
		item: 'r1',
		by,
		at: '2030-01-01T00:00:00.000Z',
		spentMs: 1,
		schema: 1,
		answer: { values: { sentiment: 'positive' }, regions: [], texts: {} },
		guess: 'none',
		after,
	};
}

function workOf(entries: WorkDocument['entries']): WorkDocument {
	return { document: 'reviews/b1/answers', entries, yjsUpdateV2: '' };
}

function plan(input: Partial<TakeInInput> & Pick<TakeInInput, 'work'>) {
	return planTakeIn({
		part: 'answers',
		author: 'ann',
		present: new Y.Doc(),
		me: 'ann',
		mayAdopt: false,
		...input,
	});
}

test('one’s own work is written as it was, under its own ids; what is there already is left alone', () => {
	const present = new Y.Doc();
	present.getMap('submitted').set('s1', said('ann'));
	present.getMap('draft').set('r2/v/sentiment', 'newer');
	const work = workOf({
		submitted: { s1: said('ann'), s2: said('ann', ['s1']) },
		draft: { 'r2/v/sentiment': 'older', 'r3/v/sentiment': 'positive' },
	});
	const { own, adopted, known } = plan({ work, present });
	expect(own).toEqual([
		{ map: 'draft', key: 'r3/v/sentiment', value: 'positive' },
		{ map: 'submitted', key: 's2', value: said('ann', ['s1']) },
	]);
	expect([adopted.size, known]).toEqual([0, 2]);
	rewrite(present, own);
	expect(plan({ work, present })).toMatchObject({ own: [], known: 4 });
});

test('other people’s work is taken in by who leads alone, in their own name, once', () => {
	const work = workOf({
		submitted: { s1: said('ann'), s2: said('ann', ['s0', 's1']), s3: said('bob') },
		draft: { 'r1/v/sentiment': 'over', 'r3/v/sentiment': 'positive' },
	});
	expect(plan({ work, me: 'carl' })).toMatchObject({ own: [], foreign: 4 });
	const present = new Y.Doc();
	const first = plan({ work, me: 'lea', mayAdopt: true, present });
	expect(first.own).toEqual([]);
	expect([...first.adopted.keys()].sort()).toEqual(['ann', 'bob']);
	const byAnn = first.adopted.get('ann')!;
	expect(byAnn.map(({ map }) => map)).toEqual(['draft', 'submitted', 'submitted']);
	const [, one, two] = byAnn;
	expect(one!.key).toMatch(/^taken-[0-9a-f]{32}$/);
	expect(one!.value).toEqual({ ...said('ann'), by: 'lea' });
	// What its author had seen is kept, and what stands for it here.
	expect(two!.value).toMatchObject({ by: 'lea', after: ['s0', 's1', one!.key] });
	rewrite(present, [...first.adopted.values()].flat());
	expect(plan({ work, me: 'lea', mayAdopt: true, present })).toMatchObject({
		own: [],
		adopted: new Map(),
		known: 4,
	});
});

test('what has arrived from its author is not taken in a second time', () => {
	const present = new Y.Doc();
	present.getMap('submitted').set('s1', said('ann'));
	const work = workOf({ submitted: { s1: said('ann'), s2: said('ann', ['s1']) } });
	const { adopted } = plan({ work, me: 'lea', mayAdopt: true, present });
	expect(adopted.get('ann')).toMatchObject([{ value: { after: ['s1'] } }]);
});

test('notes and verdicts go the same way', () => {
	const note = { item: 'r1', by: 'ann', at: '2030-01-01T00:00:00.000Z', text: 'Blurred' };
	const notes = workOf({ note: { n1: note, n2: { ...note, replyTo: 'n1' } } });
	const adopted = plan({ work: notes, part: 'notes', me: 'lea', mayAdopt: true }).adopted;
	const [first, reply] = adopted.get('ann')!;
	expect(reply!.value).toEqual({ ...note, by: 'lea', replyTo: first!.key });
	const verdict = { kind: 'accepted', at: '2030-01-01T00:00:00.000Z' };
	const verdicts = workOf({ verdict: { 'r1/s1/ann': verdict } });
	expect(plan({ work: verdicts, part: 'verdicts' }).own).toEqual([
		{ map: 'verdict', key: 'r1/s1/ann', value: verdict },
	]);
	expect(
		plan({ work: verdicts, part: 'verdicts', me: 'lea', mayAdopt: true }).adopted.get('ann'),
	).toEqual([{ map: 'verdict', key: 'r1/s1/lea', value: verdict }]);
});

test('what is no entry is counted and never written', () => {
	const work = workOf({
		submitted: { s1: { by: 'ann' }, s2: null },
		draft: { nonsense: 1 },
		other: { x: 1 },
	});
	expect(plan({ work })).toMatchObject({ own: [], known: 0, unreadable: 3 });
});

test('a file is read as it was written, anything else is refused in words', async () => {
	const file = {
		by: { id: 'ann', name: 'Ann' },
		at: '2030-01-01T00:00:00.000Z',
		documents: [workOf({ submitted: { s1: said('ann') } })],
	};
	const text = await printWorkFile(file).text();
	expect(parseWorkFile(text)).toEqual({ kind: 'flywheel-work', version: 1, ...file });
	expect(() => parseWorkFile('nothing')).toThrow('not JSON');
	expect(() => parseWorkFile('{"kind": "other"}')).toThrow('no saved work: kind');
	const elsewhere = text.replace('reviews/b1/answers', '../../etc');
	expect(() => parseWorkFile(elsewhere)).toThrow('documents.0.document');
});
