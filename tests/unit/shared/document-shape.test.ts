import { describe, expect, it } from 'vitest';
import { submittedShape, verdictShape, noteShape } from '#shared/corpus/submission.ts';
import {
	isTextRoot,
	parseValueKey,
	parseVerdictKey,
	valueKey,
	verdictKey,
} from '#shared/wire/document-shape.ts';

describe('keys of the documents (design §4)', () => {
	it('are read as they were printed', () => {
		expect(parseValueKey(valueKey('r:1', 'a tool'))).toEqual({ item: 'r:1', tool: 'a tool' });
		expect(parseVerdictKey(verdictKey('r1', 's_1', 'u-1'))).toEqual({
			item: 'r1',
			submission: 's_1',
			user: 'u-1',
		});
	});

	it.each(['', 'r1', 'r1/v/', 'r1/v/a/b', 'r1/x/tool', '/v/tool', 'r 1/v/tool'])(
		'%j holds no value',
		(key) => {
			expect(parseValueKey(key)).toBeUndefined();
		},
	);

	it.each(['', 'r1/s1', 'r1/s1/u1/x', 'r1//u1', 'r1/s 1/u1', 'r1/s1/u1\n'])(
		'%j holds no verdict',
		(key) => {
			expect(parseVerdictKey(key)).toBeUndefined();
		},
	);

	it('know a long text', () => {
		expect(isTextRoot('text/r1/summary')).toBe(true);
		for (const name of ['text/r1', 'text//a', 'draft', 'text/r1/a/b', 'Text/r1/a'])
			expect(isTextRoot(name)).toBe(false);
	});
});

describe('values of the documents', () => {
	const unanswered = {
		item: 'r1',
		by: 'u1',
		at: '2026-01-01T00:00:00.000Z',
		spentMs: 1200,
		schema: 1,
		guess: 'none',
		after: ['s0'],
	};
	const whole = { ...unanswered, answer: { values: { tone: 'good' }, regions: [], texts: {} } };

	it('take an answer or a skip, never both or neither', () => {
		expect(submittedShape.safeParse(whole).success).toBe(true);
		expect(submittedShape.safeParse({ ...unanswered, skipped: true }).success).toBe(true);
		expect(submittedShape.safeParse({ ...whole, skipped: true }).success).toBe(false);
		expect(submittedShape.safeParse(unanswered).success).toBe(false);
	});

	it.each([
		{ at: 'yesterday' },
		{ at: '2026-01-01T00:00:00+02:00' },
		{ spentMs: -1 },
		{ schema: 0 },
		{ guess: 'maybe' },
		{ after: ['no spaces please'] },
		{ after: Array.from({ length: 1001 }, (_, n) => `s${String(n)}`) },
		{ extra: 1 },
		{ item: '../r1' },
	])('refuse %j', (change) => {
		expect(submittedShape.safeParse({ ...whole, ...change }).success).toBe(false);
	});

	it('know verdicts and notes', () => {
		expect(verdictShape.safeParse({ kind: 'accepted', at: whole.at }).success).toBe(true);
		expect(verdictShape.safeParse({ kind: 'rejected', at: whole.at }).success).toBe(false);
		const note = { item: 'r1', by: 'u1', at: whole.at, text: 'why?' };
		expect(noteShape.safeParse(note).success).toBe(true);
		expect(noteShape.safeParse({ ...note, text: '' }).success).toBe(false);
	});
});
