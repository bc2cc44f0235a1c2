import { randomBytes } from 'node:crypto';

/** A name as an id: `[a-z0-9-]`, at most `limit` long; where nothing is left of it, `<prefix>-<random>`. */
export function slugOf(name: string, prefix: string, limit = 63): string {
	const slug = name
		.normalize('NFKD')
		.replace(/\p{M}/gu, '')
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '-')
		.slice(0, limit)
		.replace(/^-+|-+$/g, '');
	return slug === '' ? `${prefix}-${randomBytes(5).toString('hex')}` : slug;
}
