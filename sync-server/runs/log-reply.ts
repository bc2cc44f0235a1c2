import type { LogReply } from '#shared/api/replies.ts';

/** How much of a log one answer holds. */
export const logPageBytes = 256 * 1024;

/**
 * Bytes of a log from a position on, as text. A page never ends within a character: what is cut off there
 * comes with the next one, unless nothing more will come.
 */
export function logReply(bytes: Uint8Array, from: number, isEnded: boolean): LogReply {
	const isWhole = isEnded && bytes.length < logPageBytes;
	const used = isWhole ? bytes : bytes.subarray(0, bytes.length - openCharacterBytes(bytes));
	return { text: new TextDecoder().decode(used), next: from + used.length, isEnded: isWhole };
}

/** Bytes at the end that begin a UTF-8 character and do not finish it: 0 to 3. */
function openCharacterBytes(bytes: Uint8Array): number {
	for (let back = 1; back <= Math.min(3, bytes.length); back++) {
		const byte = bytes[bytes.length - back]!;
		if ((byte & 0b1100_0000) === 0b1000_0000) continue;
		const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
		return length > back ? back : 0;
	}
	return 0;
}
