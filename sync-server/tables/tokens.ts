/** An API token, without the token: only its hash is kept. */
export interface Token {
	readonly id: string;
	/** SHA-256 of the token, as hex. */
	readonly hash: string;
	readonly user: string;
	readonly kind: 'person' | 'runner';
	readonly name: string;
	readonly createdAt: string;
	/** A day, `2026-08-01`. */
	readonly lastUsedOn: string | null;
}

export interface TokensTable {
	create(token: Omit<Token, 'lastUsedOn'>): Promise<void>;
	/** The token and its person's name, and notes that it was used on that day. */
	use(hash: string, day: string): Promise<(Token & { readonly userName: string }) | undefined>;
	/** Tokens of a person, newest first. */
	listOf(user: string): Promise<Token[]>;
	/** Revokes a token of a person; false when there is none. */
	remove(user: string, id: string): Promise<boolean>;
}
