import { readFileSync } from 'node:fs';
import { once } from '../once.ts';
import type { Sample, SampleAnswer, SampleItem } from '../sample.ts';
import { seededOrder } from '../seeded-order.ts';
import { readSentences, type Sentence } from './sentences.ts';

/** How many of the sentences come labeled; the others are left to people. */
const labeledCount = 600;

const ordered = once(() => seededOrder('reviews', readSentences().sentences));

/** Sentences from reviews of products, films and restaurants: positive or negative? */
export const reviews: Sample = {
	id: 'reviews',
	name: 'Reviews',
	schema: JSON.parse(readFileSync(new URL('schema.json', import.meta.url), 'utf8')) as unknown,
	repository: new URL('repository/', import.meta.url),
	credit:
		'Sentiment Labelled Sentences: Kotzias et al., “From Group to Individual Labels using Deep Features”, KDD 2015; UCI Machine Learning Repository, CC BY 4.0.',
	*items() {
		for (const [rank, sentence] of ordered().entries())
			yield rank < labeledCount
				? { ...itemOf(sentence), answer: answerOf(sentence) }
				: itemOf(sentence);
	},
	answers: () => new Map(ordered().map((sentence) => [sentence.id, answerOf(sentence)])),
	blob: () => undefined, // text only
};

function itemOf({ id, text, source }: Sentence): SampleItem {
	return { id, data: { text }, meta: { source } };
}

function answerOf({ sentiment }: Sentence): SampleAnswer {
	return { values: { sentiment } };
}
