import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 of a text (as UTF-8) or of bytes, as 64 lower-case hex digits. */
export function sha256Hex(input: string | Uint8Array): string {
	return bytesToHex(sha256(typeof input === 'string' ? utf8ToBytes(input) : input));
}

const sha256Pattern = /^[0-9a-f]{64}$/;

/** True for 64 lower-case hex digits: the only spelling of a hash that any door accepts. */
export function isSha256(value: unknown): value is string {
	return typeof value === 'string' && sha256Pattern.test(value);
}
