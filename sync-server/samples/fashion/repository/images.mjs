// Finds the picture of an item: the snapshot keeps media beside the rows, named by their SHA-256.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePng } from './png.mjs';
import { dataFolder, fail } from './snapshot.mjs';

export const side = 28;

/** The gray levels of an item's image, from 0 to 1. */
export function readPixels(item) {
	const { blob } = item.data.image;
	const file = join(dataFolder(), 'media', blob.slice(0, 2), `${blob}.png`);
	if (!existsSync(file)) fail(`The image of ${item.id} is missing: ${file}`);
	const bytes = readFileSync(file);
	if (bytes.toString('latin1', 0, 8) === 'version ')
		fail(`${file} is only a pointer: fetch the images with \`git lfs pull\`.`);
	const { width, height, pixels } = decodePng(bytes);
	if (width !== side || height !== side)
		fail(`The image of ${item.id} is ${width} x ${height}; this model reads ${side} x ${side}.`);
	return pixels;
}
