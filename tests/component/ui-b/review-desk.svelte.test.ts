import { flushSync } from 'svelte';
import { expect, onTestFinished, test } from 'vitest';
import { ReviewDesk } from '#app/model/review-desk.svelte.ts';
import { ReviewDocuments } from '#app/model/review-documents.svelte.ts';
import type { ReviewEntry } from '#shared/api/replies.ts';
import { newEpoch, openTab, watch, type Tab } from '../documents/device.svelte.ts';
import { historyEntry } from '../../support/history-entry.ts';
import { entry } from './review-entry.ts';

interface Options {
	readonly by?: string;
	readonly reviews?: boolean;
}

async function openDesk(
	tab: Tab,
	entries: readonly ReviewEntry[],
	{ by, reviews = true }: Options = {},
) {
	const documents = new ReviewDocuments(tab.documents, 'reviews', 'u1');
	await documents.openUnsent();
	const parts = { entries, by, reviews, documents };
	const desk = new ReviewDesk(parts);
	const seen = watch(() => ({
		list: desk.list.map(({ item }) => item.id),
		current: desk.current?.item.id,
	}));
	onTestFinished(() => documents.close());
	const written = () => {
		const { doc } = tab.documents.find('reviews/b1/verdicts')!;
		return Object.fromEntries(
			[...doc.getMap<{ kind: string; note?: string }>('verdict').entries()].map(
				([key, { kind, note }]) => [key, note === undefined ? kind : `${kind}: ${note}`],
			),
		);
	};
	flushSync();
	return { desk, seen, written };
}

test('a decided entry leaves the list at once and the next one comes', async () => {
	const { desk, seen, written } = await openDesk(openTab(newEpoch()), [
		entry('r1'),
		entry('r2'),
		entry('r3'),
	]);
	desk.choose(1);
	desk.accept();
	flushSync();
	expect(seen.current).toEqual({ list: ['r1', 'r3'], current: 'r3' });
	desk.sendBack('Read it again.');
	flushSync();
	expect(seen.current).toEqual({ list: ['r1'], current: 'r1' });
	expect(written()).toEqual({
		'r2/of-r2/u1': 'accepted',
		'r3/of-r3/u1': 'returned: Read it again.',
	});
});

test('going back brings an entry for another word, which takes the place of the first', async () => {
	const { desk, seen, written } = await openDesk(openTab(newEpoch()), [entry('r1'), entry('r2')]);
	desk.accept();
	expect(desk.canGoBack).toBe(true);
	desk.back();
	flushSync();
	expect(seen.current).toEqual({ list: ['r1', 'r2'], current: 'r1' });
	expect(desk.isBack).toBe(true);
	expect(written()).toEqual({ 'r1/of-r1/u1': 'accepted' });
	desk.sendBack('No.');
	flushSync();
	expect(written()).toEqual({ 'r1/of-r1/u1': 'returned: No.' });
	expect(seen.current).toEqual({ list: ['r2'], current: 'r2' });
});

test('who looks further after going back leaves the first word standing', async () => {
	const { desk, seen } = await openDesk(openTab(newEpoch()), [entry('r1'), entry('r2')]);
	desk.accept();
	desk.back();
	desk.choose(1);
	flushSync();
	expect(seen.current).toEqual({ list: ['r2'], current: 'r2' });
});

test('what was decided without a network does not come up again after the tab was closed', async () => {
	const epoch = newEpoch();
	const first = openTab(epoch);
	const entries = [entry('r1'), entry('r2')];
	const before = await openDesk(first, entries);
	before.desk.accept();
	await first.close();

	const { seen } = await openDesk(openTab(epoch), entries);
	await expect.poll(() => seen.current.list).toEqual(['r2']);
});

test('choosing one of several answers accepts it and returns the others', async () => {
	const { desk, seen, written } = await openDesk(openTab(newEpoch()), [
		entry('r1', historyEntry('s1', 'good'), historyEntry('s2', 'bad'), historyEntry('s3', 'bad')),
	]);
	expect(desk.groups).toHaveLength(2);
	desk.accept(1);
	flushSync();
	expect(written()).toEqual({
		'r1/s1/u1': 'returned',
		'r1/s2/u1': 'accepted',
		'r1/s3/u1': 'accepted',
	});
	expect(seen.current).toEqual({ list: [], current: undefined });
});

test('only what one person answered is listed when asked for', async () => {
	const { seen } = await openDesk(
		openTab(newEpoch()),
		[entry('r1'), entry('r2', historyEntry('s2', 'bad', { by: 'other' }))],
		{ by: 'other' },
	);
	expect(seen.current.list).toEqual(['r2']);
});

test('without reviews every answer stands, whatever was said of it', async () => {
	const returned = { kind: 'returned', at: '2026-05-02T00:00:00.000Z', user: 'u1' } as const;
	const { desk, seen } = await openDesk(
		openTab(newEpoch()),
		[
			entry('r1', historyEntry('s1', 'good', { verdicts: [returned] }), historyEntry('s2', 'bad')),
			entry('r2'),
		],
		{ reviews: false },
	);
	expect(desk.groups).toHaveLength(2);
	const putBack = desk.answered(desk.current!);
	flushSync();
	expect(seen.current).toEqual({ list: ['r2'], current: 'r2' });
	putBack();
	flushSync();
	expect(seen.current.list).toEqual(['r1', 'r2']);
});

test('an item that was asked for comes before the reviewer as soon as it is listed', () => {
	const entries = $state<{ list: ReviewEntry[] }>({ list: [entry('r1')] });
	const documents = new ReviewDocuments(openTab(newEpoch()).documents, 'reviews', 'u1');
	onTestFinished(() => documents.close());
	const desk = new ReviewDesk({
		get entries() {
			return entries.list;
		},
		by: undefined,
		reviews: true,
		documents,
	});
	const current = watch(() => desk.current?.item.id);
	desk.ask('r2');
	flushSync();
	expect(current.current).toBe('r1');
	expect(desk.isAskedMissing).toBe(true);
	entries.list = [entry('r1'), entry('r2')];
	flushSync();
	expect(current.current).toBe('r2');
	expect(desk.isAskedMissing).toBe(false);
	desk.accept();
	entries.list = [entry('r1')];
	flushSync();
	expect(desk.isAskedMissing).toBe(false);
});

test('a word is later than the one it answers, also where that came from a clock that is ahead', async () => {
	const tab = openTab(newEpoch());
	const at = new Date(Date.now() + 86_400_000).toISOString();
	const before = { user: 'rita', kind: 'returned', at } as const;
	const { desk } = await openDesk(tab, [
		entry('r1', historyEntry('of-r1', 'good', { verdicts: [before] })),
		entry('r2'),
	]);
	desk.choose(0);
	desk.accept();
	const { doc } = tab.documents.find('reviews/b1/verdicts')!;
	const said = doc.getMap<{ at: string }>('verdict').get('r1/of-r1/u1')!;
	expect(Date.parse(said.at)).toBe(Date.parse(at) + 1);
});
