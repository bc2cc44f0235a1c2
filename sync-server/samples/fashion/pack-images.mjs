// Makes images.gz from the training set of Fashion-MNIST, as Debian's package
// `dataset-fashion-mnist` installs it:
//
//     node pack-images.mjs /usr/share/datasets/fashion-mnist
//
// Of each of the 10 classes it takes the 100 images that come first in the order of
// sha256("fashion:" + index), so that the choice is random, balanced and repeatable.
//
//     images.gz := gzip( record x 1000, by index )
//     record    := index (uint16, big endian) • class (uint8, 0-9) • 28 x 28 gray levels (uint8, by row)
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

const perClass = 100;
const pixelCount = 28 * 28;
const folder = process.argv[2] ?? '/usr/share/datasets/fashion-mnist';
/** @param {string} name */
const read = (name) => gunzipSync(readFileSync(`${folder}/${name}-ubyte.gz`));
const pixels = read('train-images-idx3').subarray(16); // after the header of the idx format
const classes = read('train-labels-idx1').subarray(8);

const order = Array.from(classes, (garment, index) => ({
	index,
	garment,
	rank: createHash('sha256').update(`fashion:${index}`).digest('hex'),
})).sort((a, b) => (a.rank < b.rank ? -1 : 1));

/** @type {Map<number, number>} */
const taken = new Map();
const chosen = order.filter(({ garment }) => {
	const count = taken.get(garment) ?? 0;
	taken.set(garment, count + 1);
	return count < perClass;
});

const records = chosen
	.sort((a, b) => a.index - b.index)
	.flatMap(({ index, garment }) => [
		Buffer.of(index >> 8, index & 255, garment),
		pixels.subarray(index * pixelCount, (index + 1) * pixelCount),
	]);
writeFileSync(
	new URL('images.gz', import.meta.url),
	gzipSync(Buffer.concat(records), { level: 9 }),
);
