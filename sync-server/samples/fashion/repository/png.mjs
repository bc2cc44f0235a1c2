// Decodes the PNGs a training set is made of: 8 bits a channel, not interlaced, no palette.
import { inflateSync } from 'node:zlib';

const signature = Buffer.from('89504e470d0a1a0a', 'hex');
const channelsOf = { 0: 1, 2: 3, 4: 2, 6: 4 }; // by color type: gray, RGB, gray + alpha, RGBA

/** Width, height and the gray level of each pixel, row by row, from 0 (black) to 1 (white). */
export function decodePng(bytes) {
	if (!bytes.subarray(0, 8).equals(signature)) throw new Error('not a PNG');
	const compressed = [];
	let header;
	for (let at = 8; at < bytes.length;) {
		const length = bytes.readUInt32BE(at);
		const type = bytes.toString('latin1', at + 4, at + 8);
		const data = bytes.subarray(at + 8, at + 8 + length);
		if (type === 'IHDR') header = data;
		if (type === 'IDAT') compressed.push(data);
		at += length + 12; // the length itself, the type and a CRC stand around the data
	}
	const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
	const [bits, colorType, , , interlace] = header.subarray(8);
	const channels = channelsOf[colorType];
	if (bits !== 8 || interlace !== 0 || !channels) throw new Error('a kind of PNG not read here');

	const rows = unfiltered(inflateSync(Buffer.concat(compressed)), width * channels, channels);
	const colors = Math.min(channels, channels === 2 ? 1 : 3); // alpha is left out
	const pixels = Float32Array.from({ length: width * height }, (_, pixel) => {
		let sum = 0;
		for (let color = 0; color < colors; color++) sum += rows[pixel * channels + color];
		return sum / (255 * colors);
	});
	return { width, height, pixels };
}

/** Undoes the filter of each row: its bytes are differences to the left, to above, or to both. */
function unfiltered(raw, rowSize, step) {
	const height = raw.length / (rowSize + 1);
	const rows = new Uint8Array(height * rowSize);
	for (let y = 0; y < height; y++) {
		const filter = raw[y * (rowSize + 1)];
		for (let x = 0; x < rowSize; x++) {
			const at = y * rowSize + x;
			const left = x >= step ? rows[at - step] : 0;
			const above = y > 0 ? rows[at - rowSize] : 0;
			const corner = x >= step && y > 0 ? rows[at - rowSize - step] : 0;
			const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter];
			rows[at] = raw[y * (rowSize + 1) + 1 + x] + guess;
		}
	}
	return rows;
}

/** Of the three neighbours the one nearest to left + above - corner. */
function paeth(left, above, corner) {
	const [a, b, c] = [above - corner, left - corner, left + above - 2 * corner].map(Math.abs);
	if (a <= b && a <= c) return left;
	return b <= c ? above : corner;
}
