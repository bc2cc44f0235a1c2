import { describe, expect, it } from 'vitest';
import { corpusOf } from '#shared/corpus/corpus.ts';
import type { Verdict } from '#shared/corpus/submission.ts';
import { choice, submission } from '../../property/submissions.ts';

const free = { reviews: false };
const strict = { reviews: true };

function verdict(
	of: string,
	kind: Verdict['kind'],
	at = '2026-01-02T00:00:00Z',
	user = 'r',
): Verdict {
	return { submission: of, kind, at, user };
}

describe('without review', () => {
	it('is the pool where nobody spoke', () => {
		expect(corpusOf([], [], free)).toEqual({ state: 'pool', heads: [] });
	});

	it('is the one answer', () => {
		expect(corpusOf([submission('a', 'x')], [], free)).toEqual({
			state: 'labeled',
			heads: ['a'],
			current: {
				answer: choice('x'),
				by: ['by-a'],
				source: 'human',
				at: '2026-01-01T00:00:00Z',
				submissions: ['a'],
			},
		});
	});

	it('is one answer of several people who say the same, at the newest time', () => {
		const list = [
			submission('a', 'x', [], { by: 'zoe', at: '2026-01-01T00:00:00.500Z' }),
			submission('b', 'x', [], { by: 'ann', at: '2026-01-01T00:00:00Z' }),
		];
		expect(corpusOf(list, [], free)).toMatchObject({
			state: 'labeled',
			heads: ['a', 'b'],
			current: { by: ['ann', 'zoe'], at: '2026-01-01T00:00:00.500Z' },
		});
	});

	it('is to be settled where people who had not seen each other differ, and keeps their common past', () => {
		const list = [submission('a', 'x'), submission('b', 'y', ['a']), submission('c', 'z', ['a'])];
		expect(corpusOf(list, [], free)).toMatchObject({
			state: 'settle',
			heads: ['b', 'c'],
			current: { answer: choice('x'), submissions: ['a'] },
		});
		expect(corpusOf([submission('b', 'y'), submission('c', 'z')], [], free)).toEqual({
			state: 'settle',
			heads: ['b', 'c'],
		});
	});

	it('looks further back where the common past was itself to be settled', () => {
		const list = [
			submission('a', 'x'),
			submission('b', 'y', ['a']),
			submission('c', 'z', ['a']),
			submission('d', 'y', ['b', 'c']),
			submission('e', 'z', ['b', 'c']),
		];
		expect(corpusOf(list, [], free)).toMatchObject({
			state: 'settle',
			heads: ['d', 'e'],
			current: { submissions: ['a'] },
		});
	});

	it('is settled by who has seen both', () => {
		const list = [submission('a', 'x'), submission('b', 'y'), submission('c', 'y', ['a', 'b'])];
		expect(corpusOf(list, [], free)).toMatchObject({ state: 'labeled', heads: ['c'] });
	});

	it('goes back to the pool when it is skipped, but an answer beside a skip holds', () => {
		expect(corpusOf([submission('a', 'skip')], [], free)).toEqual({ state: 'pool', heads: ['a'] });
		expect(corpusOf([submission('a', 'x'), submission('b', 'skip', ['a'])], [], free)).toEqual({
			state: 'pool',
			heads: ['b'],
		});
		expect(corpusOf([submission('a', 'x'), submission('b', 'skip')], [], free)).toMatchObject({
			state: 'labeled',
			heads: ['a', 'b'],
			current: { submissions: ['a'] },
		});
	});

	it('prefers a person to an import that neither had seen', () => {
		const list = [submission('i', 'x', [], { source: 'import' }), submission('h', 'y')];
		expect(corpusOf(list, [], free)).toMatchObject({
			state: 'labeled',
			heads: ['h'],
			current: { source: 'human', answer: choice('y') },
		});
	});

	it('does not let an import name a person’s answer as seen', () => {
		const list = [submission('h', 'y'), submission('i', 'x', ['h'], { source: 'import' })];
		expect(corpusOf(list, [], free)).toMatchObject({
			heads: ['h'],
			current: { answer: choice('y') },
		});
	});

	it('keeps an import while people differ about it', () => {
		const list = [
			submission('i', 'x', [], { source: 'import' }),
			submission('g', 'y', ['i']),
			submission('h', 'z'),
		];
		expect(corpusOf(list, [], free)).toMatchObject({
			state: 'settle',
			heads: ['g', 'h'],
			current: { source: 'import', submissions: ['i'] },
		});
	});

	it('brings the earlier version back when one is withdrawn', () => {
		const list = [
			submission('i', 'x', [], { source: 'import' }),
			submission('j', 'y', ['i'], { source: 'import', isWithdrawn: true }),
		];
		expect(corpusOf(list, [], free)).toMatchObject({
			heads: ['i'],
			current: { answer: choice('x') },
		});
	});

	it('counts one that names itself, and all of a circle', () => {
		expect(corpusOf([submission('a', 'x', ['a'])], [], free)).toMatchObject({
			state: 'labeled',
			heads: ['a'],
		});
		const circle = [submission('a', 'x', ['b']), submission('b', 'y', ['a'])];
		expect(corpusOf(circle, [], free)).toEqual({ state: 'settle', heads: ['a', 'b'] });
	});
});

describe('with review', () => {
	const first = submission('a', 'x');
	const fix = submission('b', 'y', ['a']);

	it('waits for a verdict', () => {
		expect(corpusOf([first], [], strict)).toEqual({ state: 'waiting', heads: ['a'] });
	});

	it('is the accepted answer', () => {
		expect(corpusOf([first], [verdict('a', 'accepted')], strict)).toMatchObject({
			state: 'labeled',
			current: { submissions: ['a'] },
		});
	});

	it('keeps the accepted answer while its correction waits or is returned', () => {
		expect(corpusOf([first, fix], [verdict('a', 'accepted')], strict)).toMatchObject({
			state: 'waiting',
			heads: ['b'],
			current: { submissions: ['a'] },
		});
		const verdicts = [verdict('a', 'accepted'), verdict('b', 'returned')];
		expect(corpusOf([first, fix], verdicts, strict)).toMatchObject({
			state: 'returned',
			current: { submissions: ['a'] },
		});
	});

	it('is returned, corrected, accepted', () => {
		expect(corpusOf([first], [verdict('a', 'returned')], strict)).toEqual({
			state: 'returned',
			heads: ['a'],
		});
		const returned = verdict('a', 'returned');
		expect(corpusOf([first, fix], [returned], strict)).toEqual({ state: 'waiting', heads: ['b'] });
		expect(corpusOf([first, fix], [returned, verdict('b', 'accepted')], strict)).toMatchObject({
			state: 'labeled',
			current: { submissions: ['b'] },
		});
	});

	it('goes by the newest verdict, by time and then by user', () => {
		const early = verdict('a', 'accepted', '2026-01-02T00:00:00Z');
		const late = verdict('a', 'returned', '2026-01-02T00:00:00.001Z');
		expect(corpusOf([first], [late, early], strict).state).toBe('returned');
		const ann = verdict('a', 'returned', '2026-01-02T00:00:00Z', 'ann');
		const zoe = verdict('a', 'accepted', '2026-01-02T00:00:00Z', 'zoe');
		expect(corpusOf([first], [zoe, ann], strict).state).toBe('labeled');
	});

	it('takes an import as accepted until somebody returns it', () => {
		const imported = submission('i', 'x', [], { source: 'import' });
		expect(corpusOf([imported], [], strict).state).toBe('labeled');
		expect(corpusOf([imported], [verdict('i', 'returned')], strict).state).toBe('returned');
		expect(corpusOf([imported, submission('h', 'y')], [], strict)).toMatchObject({
			state: 'waiting',
			heads: ['h'],
			current: { source: 'import' },
		});
	});

	it('leaves a returned head out of a disagreement', () => {
		const list = [submission('a', 'x'), submission('b', 'y')];
		expect(corpusOf(list, [], strict).state).toBe('settle');
		expect(corpusOf(list, [verdict('b', 'returned')], strict).state).toBe('waiting');
		const verdicts = [verdict('b', 'returned'), verdict('a', 'accepted')];
		expect(corpusOf(list, verdicts, strict).state).toBe('labeled');
	});

	it('keeps the one accepted answer while another contradicts it', () => {
		const list = [submission('a', 'x'), submission('b', 'y')];
		expect(corpusOf(list, [verdict('a', 'accepted')], strict)).toMatchObject({
			state: 'settle',
			current: { submissions: ['a'] },
		});
		const both = [verdict('a', 'accepted'), verdict('b', 'accepted')];
		expect(corpusOf(list, both, strict)).toEqual({ state: 'settle', heads: ['a', 'b'] });
	});

	it('does not let an unseen skip take an accepted answer away', () => {
		const list = [first, submission('s', 'skip', ['a'])];
		const accepted = verdict('a', 'accepted');
		expect(corpusOf(list, [accepted], strict)).toMatchObject({
			state: 'waiting',
			current: { submissions: ['a'] },
		});
		expect(corpusOf(list, [accepted, verdict('s', 'accepted')], strict)).toEqual({
			state: 'pool',
			heads: ['s'],
		});
		expect(corpusOf([submission('s', 'skip')], [], strict).state).toBe('pool');
	});
});
