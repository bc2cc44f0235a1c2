import { flushSync } from 'svelte';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { submittedShape } from '#shared/corpus/submission.ts';
import { Answers } from '#app/documents/parts/answers.svelte.ts';
import { Notes } from '#app/documents/parts/notes.svelte.ts';
import { Verdicts } from '#app/documents/parts/verdicts.svelte.ts';
import { latestVerdict } from '#app/model/verdict-plan.ts';
import { name, newEpoch, openTab, watch } from './device.svelte.ts';

const input = { me: 'u1', spentMs: 1234.5, schema: 2, seen: [] };

function openAnswers() {
	const handle = openTab(newEpoch()).documents.open('reviews/b1/answers');
	return { handle, answers: new Answers(handle) };
}

/** What somebody else wrote, arriving as an update. */
function receive(doc: Y.Doc, write: (theirs: Y.Doc) => void): void {
	const theirs = new Y.Doc();
	Y.applyUpdate(theirs, Y.encodeStateAsUpdate(doc));
	write(theirs);
	Y.applyUpdate(doc, Y.encodeStateAsUpdate(theirs));
}

test('a key press redraws the item it is about and no other', () => {
	const { answers } = openAnswers();
	const drafts = ['r1', 'r2'].map((item) => watch(() => answers.draftOf(item).values));
	const done = watch(() => answers.submittedCount);
	flushSync();
	answers.setValue('r1', 'sentiment', 'positive');
	flushSync();
	expect(drafts.map(({ current }) => current)).toEqual([{ sentiment: 'positive' }, {}]);
	expect(drafts.map(({ runs }) => runs)).toEqual([2, 1]);
	expect(done.runs).toBe(1);
	answers.submit('r1', input);
	flushSync();
	expect(done.current).toBe(1);
	expect(drafts[1]!.runs).toBe(1);
});

test('a list over many items that is derived sees one of them change', () => {
	const { answers } = openAnswers();
	const items = Array.from({ length: 500 }, (_, n) => `r${n}`);
	const list = watch(() => items.filter((item) => answers.isSubmitted(item, 'u1')));
	flushSync();
	answers.submit('r7', input);
	flushSync();
	answers.submit('r400', input);
	flushSync();
	expect(list.current).toEqual(['r7', 'r400']);
	expect(list.runs).toBe(3);
});

test('a submission is what the server reads: whole, with what its author had seen', () => {
	const { handle, answers } = openAnswers();
	answers.setValue('r1', 'sentiment', 'positive');
	const first = answers.submit('r1', { ...input, seen: ['before'] });
	answers.setValue('r1', 'sentiment', 'negative');
	const second = answers.submit('r1', { ...input, guess: 'edited', seen: ['before'] });
	const skipped = answers.skip('r2', { ...input, at: '2099-01-01T00:00:00.000Z' });

	const submitted = handle.doc.getMap('submitted');
	for (const id of [first, second, skipped]) {
		expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
		expect(submittedShape.safeParse(submitted.get(id)).error).toBeUndefined();
	}
	expect(submitted.get(first)).toMatchObject({
		item: 'r1',
		by: 'u1',
		spentMs: 1235,
		schema: 2,
		answer: { values: { sentiment: 'positive' }, regions: [], texts: {} },
		guess: 'none',
		after: ['before'],
	});
	expect(submitted.get(second)).toMatchObject({ guess: 'edited', after: ['before', first] });
	expect(submitted.get(skipped)).toMatchObject({ skipped: true, guess: 'none' });
	expect(answers.latestOf('r1')?.id).toBe(second);
	expect(answers.mine('u1').map(({ item }) => item)).toEqual(['r2', 'r1']);
	expect(answers.isSubmitted('r2', 'u2')).toBe(false);
});

test('a correction is the last word even where the clock went back', () => {
	const { answers } = openAnswers();
	answers.submit('r1', { ...input, at: '2031-01-01T00:00:00.000Z' });
	const correction = answers.submit('r1', { ...input, at: '2030-01-01T00:00:00.000Z' });
	expect(answers.latestOf('r1')?.id).toBe(correction);
	expect(answers.mine('u1').map(({ id }) => id)).toEqual([correction]);
});

test('undo takes back what this page did to the item on screen, and nothing of anybody else', () => {
	const { handle, answers } = openAnswers();
	answers.setValue('r1', 'sentiment', 'positive');
	answers.setValue('r2', 'sentiment', 'positive');
	answers.setValue('r1', 'sentiment', 'negative');
	expect(answers.undo('r1')).toBe(true);
	expect(answers.draftOf('r1').values).toEqual({ sentiment: 'positive' });
	expect(answers.draftOf('r2').values).toEqual({ sentiment: 'positive' });
	expect(answers.undo('r1')).toBe(true);
	expect(answers.draftOf('r1').values).toEqual({});
	expect(answers.undo('r1')).toBe(false);
	expect(answers.redo('r1')).toBe(true);
	expect(answers.draftOf('r1').values).toEqual({ sentiment: 'positive' });

	receive(handle.doc, (doc) => doc.getMap('draft').set('r2/v/sentiment', 'theirs'));
	expect(answers.undo('r2')).toBe(true);
	expect(answers.draftOf('r2').values).toEqual({ sentiment: 'theirs' });
});

test('a value and its submission travel as one update, and the submission says the value', () => {
	const { handle, answers } = openAnswers();
	const draft = watch(() => answers.draftOf('r1').values);
	flushSync();
	let updates = 0;
	handle.doc.on('update', () => updates++);
	const id = answers.together(() => {
		answers.setValue('r1', 'sentiment', 'positive');
		return answers.submit('r1', input);
	});
	expect(updates).toBe(1);
	expect(answers.latestOf('r1')).toMatchObject({
		id,
		answer: { values: { sentiment: 'positive' } },
	});
	flushSync();
	expect(draft.current).toEqual({ sentiment: 'positive' });

	answers.together(() => answers.setValue('r1', 'sentiment', undefined));
	expect(answers.hasDraft('r1')).toBe(false);
	flushSync();
	expect(draft.current).toEqual({});
});

test('what was done can be undone after a reload, in this tab or another one, and done again', async () => {
	const epoch = newEpoch();
	const first = openTab(epoch);
	const before = new Answers(first.documents.open(name));
	before.setValue('r1', 'sentiment', 'negative');
	before.setValue('r1', 'sentiment', 'positive');
	before.setValue('r2', 'sentiment', 'positive');
	before.undo('r2');
	await first.close();

	const second = openTab(epoch);
	const handle = second.documents.open(name);
	await expect.poll(() => handle.isLoaded).toBe(true);
	const after = new Answers(handle);
	expect(after.canUndo('r1')).toBe(true);
	expect(after.undo('r1')).toBe(true);
	expect(after.draftOf('r1').values).toEqual({ sentiment: 'negative' });
	expect(after.canUndo('r2')).toBe(false);
	expect(after.redo('r2')).toBe(true);
	expect(after.draftOf('r2').values).toEqual({ sentiment: 'positive' });
	receive(handle.doc, (doc) => doc.getMap('draft').set('r1/v/sentiment', 'theirs'));
	expect(after.undo('r1')).toBe(true);
	expect(after.draftOf('r1').values).toEqual({ sentiment: 'theirs' });
	await second.close();
});

test('a change and the step that undoes it are on the device together, or neither', async () => {
	const epoch = newEpoch();
	const tab = openTab(epoch);
	const handle = tab.documents.open(name);
	await expect.poll(() => handle.isLoaded).toBe(true);
	const answers = new Answers(handle);
	const fail = () => {
		throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
	};
	tab.replica.undo.hook('creating', fail);
	answers.setValue('r1', 'sentiment', 'positive');
	await expect.poll(() => handle.saved).toBe('not saved');
	expect(await tab.replica.updates.count()).toBe(0);
	tab.replica.undo.hook('creating').unsubscribe(fail);
	answers.setValue('r1', 'sentiment', 'negative');
	await expect.poll(() => handle.saved).toBe('on this device');
	expect(await tab.replica.undo.get([name, 'r1'])).toMatchObject({ undo: [{}, {}], redo: [] });
});

test('what others write in hundreds of pieces is drawn a few times, what is written here at once', async () => {
	const { handle, answers } = openAnswers();
	const done = watch(() => answers.submittedCount);
	const draft = watch(() => answers.draftOf('r1').values);
	flushSync();
	const other = openTab(newEpoch(), 'u2').documents.open('reviews/b1/answers');
	const theirs = new Answers(other);
	const pieces: Uint8Array[] = [];
	other.doc.on('update', (piece: Uint8Array) => pieces.push(piece));
	for (let index = 0; index < 300; index++) theirs.submit(`i${index}`, { ...input, me: 'u2' });
	for (const piece of pieces) {
		Y.applyUpdate(handle.doc, piece);
		await Promise.resolve(); // where effects run
	}
	expect(answers.latestOf('i299')?.by).toBe('u2');
	answers.setValue('r1', 'sentiment', 'positive');
	flushSync();
	expect(draft.current).toEqual({ sentiment: 'positive' });
	await expect.poll(() => done.current).toBe(300);
	expect(done.runs).toBeLessThan(10);
});

test('notes stand in threads, live, and can be settled', () => {
	const handle = openTab(newEpoch()).documents.open('reviews/b1/notes');
	const notes = new Notes(handle);
	const threads = watch(() => notes.threadsOf('r1'));
	const root = notes.add({ item: 'r1', text: 'Ironic?', by: 'u2' });
	notes.add({ item: 'r1', text: 'Yes.', by: 'u1', replyTo: root });
	notes.add({ item: 'r2', text: 'Elsewhere', by: 'u1' });
	flushSync();
	expect(threads.current.map(({ root: note, replies }) => [note.text, replies.length])).toEqual([
		['Ironic?', 1],
	]);
	expect(notes.countOf('r1')).toBe(2);
	notes.resolve(threads.current[0]!.root, 'u1');
	flushSync();
	expect(threads.current[0]!.resolvedBy?.by).toBe('u1');
	expect(notes.openCountOf('r1')).toBe(0);
	expect(notes.countOf('r1')).toBe(2);
});

test('a verdict reaches whoever looks at the submission; a second word replaces the first', () => {
	const handle = openTab(newEpoch()).documents.open('reviews/b1/verdicts');
	const verdicts = new Verdicts(handle);
	const seen = watch(() => verdicts.of('s1').map(({ kind, note }) => [kind, note]));
	verdicts.set({ item: 'r1', submission: 's1', user: 'u2', kind: 'returned', note: 'Look again' });
	flushSync();
	expect(seen.current).toEqual([['returned', 'Look again']]);
	verdicts.set({ item: 'r1', submission: 's1', user: 'u2', kind: 'accepted' });
	flushSync();
	expect(seen.current).toEqual([['accepted', undefined]]);
	expect(verdicts.of('s2')).toEqual([]);
});

test('a verdict is later than those it answers, whatever the clocks say', () => {
	const tab = openTab(newEpoch());
	const handle = tab.documents.open('reviews/b1/verdicts');
	const verdicts = new Verdicts(handle);
	const said = { item: 'r1', submission: 's1' } as const;
	const ahead = new Date(Date.now() + 86_400_000).toISOString();
	verdicts.set({ ...said, user: 'rita', kind: 'returned', at: ahead });
	verdicts.set({ ...said, user: 'lea', kind: 'accepted' });
	verdicts.set({ ...said, user: 'rita', kind: 'returned', at: '2020-01-01T00:00:00Z' });
	expect(latestVerdict(verdicts.of('s1'))).toMatchObject({ user: 'rita', kind: 'returned' });
	verdicts.set({ ...said, user: 'lea', kind: 'accepted' });
	expect(latestVerdict(verdicts.of('s1'))).toMatchObject({ user: 'lea', kind: 'accepted' });
	verdicts.set({
		...said,
		submission: 's2',
		user: 'lea',
		kind: 'accepted',
		at: '2020-01-01T00:00:00Z',
	});
	expect(verdicts.of('s2')).toMatchObject([{ at: '2020-01-01T00:00:00Z' }]);
	verdicts.close();
	handle.release();
});
