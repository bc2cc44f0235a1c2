import { expect, onTestFinished, test } from 'vitest';
import { EarlierSteps } from '#app/model/earlier-steps.svelte.ts';
import type { EarlierPage } from '#shared/api/replies.ts';
import type { EarlierStep } from '#shared/corpus/earlier.ts';
import { watch } from '../documents/device.svelte.ts';

const values = ['one', 'two', 'three', 'four'];

/** Step n changed the tone from the value before to the n-th. */
function step(n: number, left?: number): EarlierStep {
	return {
		id: `answers.${n}`,
		at: '2026-02-01T10:00:00.000Z',
		user: 'ada',
		changes: [
			{
				place: { kind: 'value', tool: 'tone' },
				before: n === 0 ? null : values[n - 1]!,
				after: values[n]!,
			},
		],
		...(left !== undefined && { left }),
	};
}

function page(of: readonly number[], more: Partial<EarlierPage> = {}, left?: number): EarlierPage {
	return {
		...{ batches: ['b'], batch: 'b', untoldUntil: null, keptDays: 30 },
		steps: of.map((n) => step(n, left)),
		draft: { values: { tone: values[of[0]!]! }, regions: [], texts: {} },
		authored: [],
		...more,
	};
}

function open(fetchPage: (before: string | undefined) => Promise<EarlierPage>) {
	const steps = new EarlierSteps(fetchPage);
	onTestFinished(() => steps.stop());
	const seen = watch(() => ({
		drafts: steps.steps.map(({ draft }) => draft?.values['tone']),
		hasMore: steps.hasMore,
		failure: (steps.failure as Error | undefined)?.message,
	}));
	return { steps, seen };
}

test('each step is shown with the draft as it was then, over pages', async () => {
	const asked: (string | undefined)[] = [];
	const { steps, seen } = open((before) => {
		asked.push(before);
		return Promise.resolve(before === undefined ? page([3, 2], { next: '3.0.0' }) : page([1, 0]));
	});
	await expect.poll(() => seen.current.drafts).toEqual(['four', 'three']);
	expect(seen.current.hasMore).toBe(true);
	await steps.more();
	await expect.poll(() => seen.current.drafts).toEqual(['four', 'three', 'two', 'one']);
	expect(seen.current.hasMore).toBe(false);
	await steps.more(); // there is nothing more to ask for
	expect(asked).toEqual([undefined, '3.0.0']);
});

test('a page that does not come says why, and comes when it is asked for again', async () => {
	let isOffline = true;
	const { steps, seen } = open(() =>
		isOffline
			? Promise.reject(new Error('The server cannot be reached'))
			: Promise.resolve(page([0])),
	);
	await expect.poll(() => seen.current.failure).toBe('The server cannot be reached');
	isOffline = false;
	await steps.more();
	await expect
		.poll(() => seen.current)
		.toEqual({
			...{ drafts: ['one'], hasMore: false, failure: undefined },
		});
});

test('before a step that is not told in full nothing is claimed', async () => {
	const { steps, seen } = open((before) =>
		Promise.resolve(before === undefined ? page([3, 2], { next: '3.0.0' }, 5) : page([1, 0])),
	);
	await expect.poll(() => seen.current.drafts).toEqual(['four', undefined]);
	await steps.more();
	await expect.poll(() => seen.current.drafts).toEqual(['four', undefined, undefined, undefined]);
});
