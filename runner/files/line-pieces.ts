import { open } from 'node:fs/promises';

/**
 * A file in pieces of whole lines, each at most so many bytes. A line that is longer than that is left out and
 * counted. The last line may lack its end.
 */
export async function* linePieces(
	path: string,
	pieceBytes: number,
	onLongLine: (line: number) => void,
): AsyncGenerator<Uint8Array> {
	const file = await open(path, 'r');
	try {
		let held = Buffer.alloc(0);
		let lines = 0;
		for await (const line of file.readLines()) {
			lines++;
			const bytes = Buffer.from(`${line}\n`);
			if (bytes.length > pieceBytes) {
				onLongLine(lines);
				continue;
			}
			if (held.length + bytes.length > pieceBytes) {
				yield held;
				held = Buffer.alloc(0);
			}
			held = Buffer.concat([held, bytes]);
		}
		if (held.length > 0) yield held;
	} finally {
		await file.close();
	}
}
