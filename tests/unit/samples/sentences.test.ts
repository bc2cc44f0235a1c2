import { expect, test } from 'vitest';
import { readSentences } from '#sync-server/samples/reviews/sentences.ts';

const { sentences, dropped } = readSentences();

test('of 3,003 rows the 3 empty and the 28 repeated ones are dropped', () => {
	expect(dropped.empty).toEqual(['amazon-1000', 'imdb-1000', 'yelp-1000']);
	expect(dropped.repeated).toHaveLength(28);
	expect(sentences.length + dropped.empty.length + dropped.repeated.length).toBe(3003);
});

test('of several spellings of a sentence the first is kept', () => {
	const kept = sentences.filter(({ text }) => /^great phone\W*$/i.test(text));
	expect(kept.map(({ id, text }) => ({ id, text }))).toEqual([
		{ id: 'amazon-187', text: 'Great phone!.' },
	]);
	expect(dropped.repeated).toEqual(
		expect.arrayContaining(['amazon-285', 'amazon-290', 'amazon-647', 'amazon-792', 'amazon-896']),
	);
});

test('no text has a space around it or a control character in it', () => {
	for (const { text } of sentences) {
		expect(text).toBe(text.trim());
		expect(text).not.toMatch(/\p{Cc}/u);
	}
});

test('punctuation that was read in the wrong encoding is what the writer typed', () => {
	const texts = sentences.map(({ text }) => text);
	expect(texts).toContain('The script is…was there a script?');
	expect(texts).toContain("I'll even say it again – this is torture.");
	expect(texts.filter((text) => /[…–—]/.test(text))).toHaveLength(8);
});

test('each source has about as many positive as negative sentences', () => {
	const count = (source: string, sentiment: string) =>
		sentences.filter((s) => s.source === source && s.sentiment === sentiment).length;
	for (const source of ['amazon', 'imdb', 'yelp'])
		for (const sentiment of ['positive', 'negative']) {
			expect(count(source, sentiment)).toBeGreaterThan(485);
			expect(count(source, sentiment)).toBeLessThanOrEqual(500);
		}
});
