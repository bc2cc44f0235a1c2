import { readFileSync } from 'node:fs';
import { once } from '../once.ts';
import type { Sample, SampleAnswer, SampleItem } from '../sample.ts';
import { seededOrder } from '../seeded-order.ts';
import { readImages, type FashionImage } from './images.ts';

/** How many of the images come labeled; the others are left to people. */
const labeledCount = 300;

const ordered = once(() => seededOrder('fashion', readImages()));
const bytesBySha256 = once(() => new Map(ordered().map(({ sha256, png }) => [sha256, png])));

/** Small gray pictures of clothes: which of ten garments? */
export const fashion: Sample = {
	id: 'fashion',
	name: 'Fashion',
	schema: JSON.parse(readFileSync(new URL('schema.json', import.meta.url), 'utf8')) as unknown,
	repository: new URL('repository/', import.meta.url),
	credit:
		'Fashion-MNIST: Xiao, Rasul and Vollgraf, “Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms”, 2017; © 2017 Zalando SE, MIT.',
	*items() {
		for (const [rank, image] of ordered().entries())
			yield rank < labeledCount ? { ...itemOf(image), answer: answerOf(image) } : itemOf(image);
	},
	answers: () => new Map(ordered().map((image) => [image.id, answerOf(image)])),
	blob: (sha256) => bytesBySha256().get(sha256),
};

function itemOf({ id, sha256 }: FashionImage): SampleItem {
	return {
		id,
		data: { image: { blob: sha256, type: 'image/png' } },
		meta: { source: 'fashion-mnist' },
	};
}

function answerOf({ garment }: FashionImage): SampleAnswer {
	return { values: { garment } };
}
