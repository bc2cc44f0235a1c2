import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { sha256Hex } from '#shared/numbers/hash.ts';
import { encodeGrayscalePng } from './grayscale-png.ts';

/** The classes in the order of the data set's numbers, as the schema spells them. */
export const garments = [
	't-shirt',
	'trouser',
	'pullover',
	'dress',
	'coat',
	'sandal',
	'shirt',
	'sneaker',
	'bag',
	'ankle-boot',
] as const;

const sidePixels = 28;
const headSizeBytes = 3;
const recordSizeBytes = headSizeBytes + sidePixels * sidePixels;

export interface FashionImage {
	/** Its place among the 60,000 training images: `fashion-4711`. */
	readonly id: string;
	readonly garment: (typeof garments)[number];
	readonly sha256: string;
	readonly png: Uint8Array;
}

/** The 1,000 images of `images.gz`, 100 of each class; `pack-images.mjs` made it and tells its format. */
export function readImages(): FashionImage[] {
	const packed = gunzipSync(readFileSync(new URL('images.gz', import.meta.url)));
	const count = packed.length / recordSizeBytes;
	if (!Number.isInteger(count)) throw new Error('images.gz ends within a record');
	return Array.from({ length: count }, (_, i) =>
		imageOf(packed.subarray(i * recordSizeBytes, (i + 1) * recordSizeBytes)),
	);
}

function imageOf(record: Buffer): FashionImage {
	const garment = garments[record.readUInt8(2)];
	if (garment === undefined) throw new Error(`images.gz names class ${record.readUInt8(2)}`);
	const pixels = record.subarray(headSizeBytes);
	const png = encodeGrayscalePng({ width: sidePixels, height: sidePixels, pixels });
	return { id: `fashion-${record.readUInt16BE(0)}`, garment, sha256: sha256Hex(png), png };
}
