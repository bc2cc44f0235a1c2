import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';

/** Where a sentence was written: a review of a product, a film or a restaurant. */
const sources = ['amazon', 'imdb', 'yelp'] as const;

/** A row of the fixtures as it is: the last row of each file has no text and no class. */
const rowShape = z.strictObject({
	text: z.string(),
	class: z.union([z.literal(0), z.literal(1), z.null()]),
});

export interface Sentence {
	/** Source and row, counted from 0: `imdb-17`. */
	readonly id: string;
	readonly source: (typeof sources)[number];
	readonly text: string;
	readonly sentiment: 'positive' | 'negative';
}

interface Sentences {
	readonly sentences: readonly Sentence[];
	/** What was left out: `empty` rows have no class, `repeated` ones say what an earlier row said. */
	readonly dropped: { readonly empty: readonly string[]; readonly repeated: readonly string[] };
}

/**
 * Reads the "Sentiment Labelled Sentences" (Kotzias et al. 2015) that the npm package `sentiment` has
 * among its fixtures: three files of 1,001 rows. Three things about them are not as one would wish:
 *
 * - The last row of each file is empty and has no class: 3 rows are dropped.
 * - 28 sentences stand there again, some with another case or punctuation ("Great Phone." and "Great
 *   phone!."), always with the same class. The first is kept. Otherwise a model could be judged on a
 *   sentence it has learned, and a person asked the same thing twice.
 * - The film reviews end in spaces, and eight of them have Windows-1252 punctuation read as Latin-1: a
 *   dash or an ellipsis became an invisible control character. Both are repaired.
 */
export function readSentences(): Sentences {
	const sentences: Sentence[] = [];
	const empty: string[] = [];
	const repeated: string[] = [];
	const seen = new Set<string>();
	for (const source of sources) {
		for (const [row, { text: raw, class: label }] of readRows(source).entries()) {
			const id = `${source}-${row}`;
			const text = repaired(raw);
			if (label === null || text === '') empty.push(id);
			else if (seen.has(folded(text))) repeated.push(id);
			else sentences.push({ id, source, text, sentiment: label === 1 ? 'positive' : 'negative' });
			seen.add(folded(text));
		}
	}
	return { sentences, dropped: { empty, repeated } };
}

function readRows(source: string): z.infer<typeof rowShape>[] {
	const file = createRequire(import.meta.url).resolve(`sentiment/test/fixtures/${source}.json`);
	return z.array(rowShape).parse(JSON.parse(readFileSync(file, 'utf8')));
}

const windows1252 = new Map([
	['\u0085', '…'],
	['\u0096', '–'],
	['\u0097', '—'],
]);

function repaired(text: string): string {
	return text.trim().replace(/[\u0080-\u009f]/g, (code) => windows1252.get(code) ?? code);
}

/** What two spellings of one sentence have in common: its letters and digits. */
function folded(text: string): string {
	return text
		.toLowerCase()
		.replace(/[^\p{L}\p{N}]+/gu, ' ')
		.trim();
}
