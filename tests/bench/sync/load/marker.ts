/** Four characters that stand nowhere else in an update, bar one time in four billion bytes. */
const sign = Buffer.from('~@~@');
const digits = 8;

/** A value of about 45 bytes that says who wrote it, and when. */
export function marked(writer: number, atMs: number): string {
	const time = Math.round(atMs * 1000)
		.toString(36)
		.padStart(digits, '0');
	return `~@~@${writer.toString(36)}${time} a word about the thing shown`;
}

/** Tells of every marker in an update, in one pass over its bytes. */
export function readMarkers(
	update: Uint8Array,
	tell: (writer: number, atMs: number) => void,
): void {
	const bytes = Buffer.from(update.buffer, update.byteOffset, update.length);
	let at = bytes.indexOf(sign);
	while (at !== -1) {
		const start = at + sign.length;
		let microseconds = 0;
		for (let digit = 1; digit <= digits; digit++)
			microseconds = microseconds * 36 + valueOf(bytes[start + digit]!);
		tell(valueOf(bytes[start]!), microseconds / 1000);
		at = bytes.indexOf(sign, start + digits);
	}
}

/** Of a digit of base 36. */
function valueOf(byte: number): number {
	return byte < 58 ? byte - 48 : byte - 87;
}
