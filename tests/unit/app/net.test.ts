import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bell } from '#app/net/bell.ts';
import { fullJitterMs } from '#app/net/jitter.ts';
import { LineSplitter } from '#app/net/line-splitter.ts';
import { readHint } from '#app/replica/hints.ts';

test('lines come out once and whole, however the text grows', () => {
	fc.assert(
		fc.property(
			fc.array(fc.string().map((line) => line.replaceAll('\n', ''))),
			fc.array(fc.nat()),
			fc.boolean(),
			(all, cuts, hasEnd) => {
				const text = all.join('\n') + (hasEnd && all.length > 0 ? '\n' : '');
				const seen: string[] = [];
				const splitter = new LineSplitter((line) => seen.push(line));
				for (const cut of cuts.map((n) => n % (text.length + 1)).sort((a, b) => a - b))
					splitter.push(text.slice(0, cut));
				splitter.push(text);
				splitter.end();
				expect(seen).toEqual(all.filter((line) => line.trim() !== ''));
			},
		),
	);
});

test('waiting grows with failures, has a bound, and may be nothing at all', () => {
	const longest = (failures: number) => fullJitterMs(failures, { random: () => 1 });
	expect([0, 1, 2].map(longest)).toEqual([500, 1000, 2000]);
	expect(longest(1000)).toBe(longest(10));
	expect(fullJitterMs(5, { random: () => 0 })).toBe(0);
});

test('a bell rung before somebody lies down beside it wakes them at once', async () => {
	const bell = new Bell();
	const { signal } = new AbortController();
	bell.ring();
	await bell.wait(1e9, signal);
	const sleeping = bell.wait(1e9, signal);
	bell.ring();
	await sleeping;
	await bell.wait(1e9, AbortSignal.abort());
});

test('a hint is read, and what is none is passed over', () => {
	expect(readHint('{"project":"p1","cursor":"c"}')).toEqual({ project: 'p1', cursor: 'c' });
	expect(readHint('{"run":"12","cursor":"c"}')).toEqual({ run: '12', cursor: 'c' });
	for (const other of ['', '{', '{"x":1}', new ArrayBuffer(1)])
		expect(readHint(other)).toBeUndefined();
});
