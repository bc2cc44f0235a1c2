import { crc32, deflateSync } from 'node:zlib';

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

interface GrayscaleImage {
	readonly width: number;
	readonly height: number;
	/** One byte for each pixel, row by row; 0 is black. */
	readonly pixels: Uint8Array;
}

/**
 * A PNG (RFC 2083) with 8 bits of gray for each pixel. The rows are stored, not compressed: a tiny
 * image gains little by it, and another zlib would give other bytes, so another SHA-256.
 *
 *     png   := signature • chunk(IHDR) • chunk(IDAT) • chunk(IEND)
 *     chunk := length (uint32) • type (4 letters) • data • CRC-32 of type and data
 */
export function encodeGrayscalePng({ width, height, pixels }: GrayscaleImage): Uint8Array {
	if (pixels.length !== width * height)
		throw new RangeError(`${pixels.length} pixels are not ${width} x ${height}`);
	const header = Buffer.alloc(13); // 9: bits 8, then color type, compression, filter, interlace: all 0
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header[8] = 8;
	const rows = Buffer.alloc(height * (width + 1)); // before each row its filter type: 0, none
	for (let y = 0; y < height; y++)
		rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
	return Buffer.concat([
		signature,
		chunk('IHDR', header),
		chunk('IDAT', deflateSync(rows, { level: 0 })),
		chunk('IEND', Buffer.alloc(0)),
	]);
}

function chunk(type: string, data: Uint8Array): Buffer {
	const framed = Buffer.alloc(data.length + 12);
	framed.writeUInt32BE(data.length, 0);
	framed.write(type, 4, 'latin1');
	framed.set(data, 8);
	framed.writeUInt32BE(crc32(framed.subarray(4, data.length + 8)), data.length + 8);
	return framed;
}
