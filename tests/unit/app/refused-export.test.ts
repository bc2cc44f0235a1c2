import { expect, test } from 'vitest';
import { refusedExport } from '#app/model/refused-export.ts';

test('what was not accepted leaves as a file with everything in it', () => {
	const { fileName, json } = refusedExport({
		id: 1,
		document: 'reviews/b1/answers',
		at: '2026-05-01T10:00:00.000Z',
		code: 4,
		reason: 'not allowed',
		data: new Uint8Array([1, 2, 255]),
		notAccepted: [{ key: 's1', value: { item: 'r1' } }],
	});
	expect(fileName).toBe('not-accepted-reviews-answers-2026-05-01.json');
	expect(JSON.parse(json)).toEqual({
		document: 'reviews/b1/answers',
		at: '2026-05-01T10:00:00.000Z',
		code: 4,
		reason: 'not allowed',
		notAccepted: [{ key: 's1', value: { item: 'r1' } }],
		yjsUpdateV2: 'AQL/',
	});
});
