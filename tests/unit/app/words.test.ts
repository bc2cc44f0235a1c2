import { describe, expect, test } from 'vitest';
import { schemaFromAnswers } from '#app/model/first-schema.ts';
import { savedKind } from '#app/model/saved-words.ts';
import { count, percent, plural, size } from '#app/ui/plural.ts';
import { duration, relativeDay, relativeTime } from '#app/ui/relative-time.ts';
import { schemaShape } from '#shared/schema/schema.ts';

describe('the saved state', () => {
	const all = {
		saving: 0,
		onDevice: 0,
		onServer: true,
		notSaved: 0,
		blocked: 0,
		refused: 0,
		changesOnDevice: 0,
	};
	test('says the server only when nothing is anywhere else', () => {
		expect(savedKind(all)).toBe('server');
		expect(savedKind({ ...all, onServer: false })).toBe('device');
		expect(savedKind({ ...all, onDevice: 1 })).toBe('device');
		expect(savedKind({ ...all, blocked: 1, onDevice: 1 })).toBe('blocked');
		expect(savedKind({ ...all, refused: 1 })).toBe('blocked');
		expect(savedKind({ ...all, saving: 1, onDevice: 1 })).toBe('saving');
		expect(savedKind({ ...all, notSaved: 1, saving: 1 })).toBe('not-saved');
	});
});

describe('words', () => {
	test('numbers', () => {
		expect(plural(1, 'item')).toBe('1 item');
		expect(plural(1234, 'person', 'people')).toBe('1,234 people');
		expect(count(1000)).toBe('1,000');
		expect(percent(0.8823)).toBe('88.2 %');
		expect([size(999), size(1500), size(25_000_000)]).toEqual(['999 B', '1.5 kB', '25 MB']);
	});
	test('times', () => {
		const now = Date.parse('2026-01-02T12:00:00Z');
		expect(relativeTime('2026-01-02T11:59:30Z', now)).toBe('just now');
		expect(relativeTime('2026-01-02T11:48:00Z', now)).toBe('12 min ago');
		expect(relativeTime('2026-01-03T00:00:00Z', now)).toBe('just now');
		expect([duration(850), duration(48_000), duration(72_000), duration(7_500_000)]).toEqual([
			'850 ms',
			'48 s',
			'1 m 12 s',
			'2 h 5 m',
		]);
		expect(
			['2026-01-02', '2026-01-01', '2025-12-31', '2026-01-03'].map((day) => relativeDay(day, now)),
		).toEqual(['today', 'yesterday', '2 d ago', 'today']);
		expect(relativeDay('2025-12-01', now)).toContain('2025');
	});
});

test('a first schema is a legal one, with keys where letters are free', () => {
	const schema = schemaFromAnswers({
		shows: 'text',
		question: 'kind',
		options: ['cat', 'fish', ' ', 'cat', 'ccc'],
	});
	expect(schemaShape.safeParse(schema).success).toBe(true);
	expect(schema.tools[0]!.options).toEqual([
		{ name: 'cat', key: 'a' },
		{ name: 'fish', key: 'i' },
		{ name: 'ccc', key: '1' },
	]);
});
