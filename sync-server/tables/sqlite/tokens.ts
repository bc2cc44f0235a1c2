import type { Token, TokensTable } from '../tokens.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';

const columns = `tokens.id, hash, user, kind, tokens.name, tokens.created_at AS createdAt, last_used_on AS lastUsedOn`;

/** API tokens of people and runners. */
export function tokens(database: Database): Synchronous<TokensTable> {
	return {
		create({ id, hash, user, kind, name, createdAt }) {
			database
				.prepare(
					'INSERT INTO tokens (id, hash, user, kind, name, created_at) VALUES (?, ?, ?, ?, ?, ?)',
				)
				.run(id, hash, user, kind, name, createdAt);
		},
		use(hash, day) {
			const token = database
				.prepare(
					`SELECT ${columns}, users.name AS userName FROM tokens JOIN users ON users.id = tokens.user WHERE hash = ?`,
				)
				.get(hash) as unknown as (Token & { readonly userName: string }) | undefined;
			if (token && token.lastUsedOn !== day)
				database.prepare('UPDATE tokens SET last_used_on = ? WHERE id = ?').run(day, token.id);
			return token;
		},
		listOf: (user) =>
			database
				.prepare(`SELECT ${columns} FROM tokens WHERE user = ? ORDER BY created_at DESC, id`)
				.all(user) as unknown as Token[],
		remove: (user, id) =>
			database.prepare('DELETE FROM tokens WHERE user = ? AND id = ?').run(user, id).changes > 0,
	};
}
