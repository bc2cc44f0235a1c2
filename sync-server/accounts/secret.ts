import { createHash, randomBytes } from 'node:crypto';

/** A new secret of 256 bits, with a prefix that leak scanners can find. */
export function newSecret(prefix = 'fw_'): string {
	return prefix + randomBytes(32).toString('base64url');
}

/** What is kept of a secret: SHA-256 as hex. 256 random bits need no slow hash. */
export function hashOf(secret: string): string {
	return createHash('sha256').update(secret).digest('hex');
}
