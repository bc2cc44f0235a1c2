/** What the accounts library keeps: people, their sessions, their ways to sign in, links not used yet. */
export type AccountModel = 'user' | 'session' | 'account' | 'verification';

export type AccountValue = string | number | null;
/** Fields as the library names them; times are ISO texts, booleans 0 and 1. */
export type AccountRecord = Readonly<Record<string, AccountValue>>;

export interface AccountCondition {
	readonly field: string;
	readonly operator:
		| 'eq'
		| 'ne'
		| 'lt'
		| 'lte'
		| 'gt'
		| 'gte'
		| 'in'
		| 'not_in'
		| 'contains'
		| 'starts_with'
		| 'ends_with';
	readonly value: AccountValue | readonly AccountValue[];
	/** How it joins the conditions before it. */
	readonly connector: 'AND' | 'OR';
	readonly ignoresCase: boolean;
}

/** The records of the accounts library, as its adapter asks for them. */
export interface AccountsTable {
	insert(model: AccountModel, record: AccountRecord): Promise<AccountRecord>;
	find(
		model: AccountModel,
		where: readonly AccountCondition[],
		page?: {
			readonly limit?: number;
			readonly offset?: number;
			readonly sortBy?: { readonly field: string; readonly direction: 'asc' | 'desc' };
		},
	): Promise<AccountRecord[]>;
	count(model: AccountModel, where: readonly AccountCondition[]): Promise<number>;
	/** Sets values in every matching record; returns how many. */
	update(
		model: AccountModel,
		where: readonly AccountCondition[],
		values: AccountRecord,
	): Promise<number>;
	/** Removes matching records, at most `limit`, and returns what they held: who gets a record is the only one. */
	remove(
		model: AccountModel,
		where: readonly AccountCondition[],
		limit?: number,
	): Promise<AccountRecord[]>;
	/** Takes away what has run out. */
	sweep(now: string): Promise<void>;
}
