const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A fresh id of 22 characters (132 random bits); works on plain http too, where randomUUID does not. */
export function newId(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(22));
	return Array.from(bytes, (byte) => alphabet[byte % 64]).join('');
}
