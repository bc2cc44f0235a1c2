import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeGrayscalePng } from '#sync-server/samples/fashion/grayscale-png.ts';
import { fashion } from '#sync-server/samples/fashion/fashion.ts';

interface Decoded {
	readonly width: number;
	readonly height: number;
	readonly pixels: Float32Array;
}
const module: unknown = await import(new URL('png.mjs', fashion.repository).href);
const { decodePng } = module as { readonly decodePng: (bytes: Buffer) => Decoded };

const grayscale = fc
	.record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) })
	.chain(({ width, height }) =>
		fc
			.uint8Array({ minLength: width * height, maxLength: width * height })
			.map((pixels) => ({ width, height, pixels })),
	);

describe('what the server encodes', () => {
	test('a training script decodes to the same pixels', () => {
		fc.assert(
			fc.property(grayscale, (image) => {
				const { pixels, ...size } = decodePng(Buffer.from(encodeGrayscalePng(image)));
				expect(size).toEqual({ width: image.width, height: image.height });
				expect(Array.from(pixels, (level) => Math.round(level * 255))).toEqual([...image.pixels]);
			}),
		);
	});

	test('has a right checksum behind each of its three chunks', () => {
		const png = Buffer.from(
			encodeGrayscalePng({ width: 2, height: 1, pixels: Uint8Array.of(0, 255) }),
		);
		const types: string[] = [];
		for (let at = 8; at < png.length;) {
			const length = png.readUInt32BE(at);
			types.push(png.toString('latin1', at + 4, at + 8));
			expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(png.subarray(at + 4, at + 8 + length)));
			at += length + 12;
		}
		expect(types).toEqual(['IHDR', 'IDAT', 'IEND']);
	});

	test('has as many pixels as it says, or is refused', () => {
		expect(() => encodeGrayscalePng({ width: 2, height: 2, pixels: new Uint8Array(3) })).toThrow(
			'3 pixels are not 2 x 2',
		);
	});
});

describe('what other programs encode', () => {
	// One row for each filter type; the values are worked out by hand from the specification.
	const filtered = Buffer.from([
		...[0, 10, 20, 30], // none:    10 20 30
		...[1, 10, 10, 10], // left:    10 20 30
		...[2, 1, 1, 1], // above:      11 21 31
		...[3, 5, 5, 5], // average:    10 20 30
		...[4, 1, 2, 250], // Paeth:    11 22 24
	]);

	test('is decoded whatever filter a row has', () => {
		const { pixels } = decodePng(pngOf({ width: 3, height: 5, colorType: 0, rows: filtered }));
		expect(Array.from(pixels, (level) => Math.round(level * 255))).toEqual([
			...[10, 20, 30],
			...[10, 20, 30],
			...[11, 21, 31],
			...[10, 20, 30],
			...[11, 22, 24],
		]);
	});

	test('in color is decoded to the mean of red, green and blue', () => {
		const rows = Buffer.of(0, 255, 0, 0, 128, 30, 60, 90, 0);
		const { pixels } = decodePng(pngOf({ width: 2, height: 1, colorType: 6, rows }));
		expect(Array.from(pixels, (level) => Math.round(level * 255))).toEqual([85, 60]);
	});

	test('with a palette is refused', () => {
		const png = pngOf({ width: 1, height: 1, colorType: 3, rows: Buffer.of(0, 0) });
		expect(() => decodePng(png)).toThrow('a kind of PNG not read here');
	});
});

interface PngParts {
	readonly width: number;
	readonly height: number;
	readonly colorType: number;
	readonly rows: Buffer;
}

/** A PNG with two data chunks and an unknown one between, as other programs may write it. */
function pngOf({ width, height, colorType, rows }: PngParts): Buffer {
	const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, colorType, 0, 0, 0]);
	const data = deflateSync(rows);
	return Buffer.concat([
		Buffer.from('89504e470d0a1a0a', 'hex'),
		chunkOf('IHDR', header),
		chunkOf('tEXt', Buffer.from('Comment\0a test')),
		chunkOf('IDAT', data.subarray(0, 3)),
		chunkOf('IDAT', data.subarray(3)),
		chunkOf('IEND', Buffer.alloc(0)),
	]);
}

function chunkOf(type: string, data: Buffer): Buffer {
	const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
	const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
	length.writeUInt32BE(data.length);
	sum.writeUInt32BE(crc32(body));
	return Buffer.concat([length, body, sum]);
}
