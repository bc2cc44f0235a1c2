import { createReadStream } from 'node:fs';
import { readLines } from '#shared/formats/json-lines.ts';

/**
 * A file in pieces of whole lines, each at most so many bytes. A line that is longer, or no text, is left out and
 * told of; blank ones are nobody's loss. The last line may lack its end. Memory stays at two pieces, whatever
 * the file.
 */
export async function* linePieces(
	path: string,
	pieceBytes: number,
	onLeftOut: (line: number, why: string) => void,
): AsyncGenerator<Uint8Array> {
	let held: Buffer[] = [];
	let heldBytes = 0;
	for await (const lines of readLines(createReadStream(path), pieceBytes - 1))
		for (const one of lines) {
			switch (one.kind) {
				case 'tooLong':
					onLeftOut(one.line, `longer than ${pieceBytes} bytes`);
					continue;
				case 'malformed':
					onLeftOut(one.line, 'not UTF-8');
					continue;
				case 'text':
			}
			const bytes = Buffer.from(`${one.text}\n`);
			if (heldBytes + bytes.length > pieceBytes) {
				yield Buffer.concat(held);
				[held, heldBytes] = [[], 0];
			}
			held.push(bytes);
			heldBytes += bytes.length;
		}
	if (heldBytes > 0) yield Buffer.concat(held);
}
