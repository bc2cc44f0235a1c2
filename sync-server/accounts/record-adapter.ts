import type { BetterAuthOptions } from 'better-auth/minimal';
import { createAdapterFactory, type AdapterFactory, type CleanedWhere } from 'better-auth/adapters';
import type {
	AccountCondition,
	AccountModel,
	AccountRecord,
	AccountsTable,
	AccountValue,
} from '../tables/accounts.ts';
import { hashOf } from './secret.ts';

/**
 * The accounts library over our tables. Session tokens are kept as hashes, so that a copy of the database
 * signs nobody in: they are hashed on their way in, and a record found by its token carries it again.
 * Tells of every session that is removed.
 */
export function recordAdapter(
	table: AccountsTable,
	onSessionEnded?: (id: string) => void,
): AdapterFactory<BetterAuthOptions> {
	const remove = async (
		model: string,
		where: readonly CleanedWhere[],
		limit?: number,
	): Promise<AccountRecord[]> => {
		const removed = await table.remove(model as AccountModel, conditions(model, where), limit);
		if (model === 'session')
			for (const { id } of removed) if (typeof id === 'string') onSessionEnded?.(id);
		return removed;
	};

	return createAdapterFactory({
		config: {
			adapterId: 'flywheel',
			adapterName: 'Flywheel tables',
			supportsDates: false,
			supportsBooleans: false,
			supportsJSON: false,
			transaction: false,
		},
		adapter: () => ({
			async create({ model, data }) {
				await table.insert(model as AccountModel, withHashedToken(model, data));
				return data;
			},
			async findOne<T>({ model, where }: Target): Promise<T | null> {
				const [found] = await find(model, where, { limit: 1 });
				return (found ?? null) as T | null;
			},
			async findMany<T>({ model, where = [], limit, offset, sortBy }: Many): Promise<T[]> {
				const page = { limit, offset: offset ?? 0, ...(sortBy ? { sortBy } : {}) };
				return (await find(model, where, page)) as T[];
			},
			async update<T>({ model, where, update }: Target & { readonly update: T }) {
				const [found] = await find(model, where, { limit: 1 });
				if (!found) return null;
				const values = withHashedToken(model, update as AccountRecord);
				await table.update(model as AccountModel, byId(found['id'] as string), values);
				return { ...found, ...(update as AccountRecord) } as T;
			},
			updateMany: ({ model, where, update }) =>
				table.update(
					model as AccountModel,
					conditions(model, where),
					withHashedToken(model, update as AccountRecord),
				),
			async delete({ model, where }) {
				await remove(model, where, 1);
			},
			deleteMany: async ({ model, where }) => (await remove(model, where)).length,
			async consumeOne<T>({ model, where }: Target): Promise<T | null> {
				const [taken] = await remove(model, where, 1);
				return (taken ?? null) as T | null;
			},
			count: ({ model, where = [] }) =>
				table.count(model as AccountModel, conditions(model, where)),
		}),
	});

	async function find(
		model: string,
		where: readonly CleanedWhere[],
		page: Parameters<AccountsTable['find']>[2],
	): Promise<AccountRecord[]> {
		const found = await table.find(model as AccountModel, conditions(model, where), page);
		const token = model === 'session' && where.find(({ field }) => field === 'token')?.value;
		return typeof token === 'string' ? found.map((record) => ({ ...record, token })) : found;
	}
}

interface Target {
	readonly model: string;
	readonly where: readonly CleanedWhere[];
}
interface Many {
	readonly model: string;
	readonly where?: readonly CleanedWhere[] | undefined;
	readonly limit: number;
	readonly offset?: number | undefined;
	readonly sortBy?: { readonly field: string; readonly direction: 'asc' | 'desc' } | undefined;
}

function byId(id: string): AccountCondition[] {
	return [{ field: 'id', operator: 'eq', value: id, connector: 'AND', ignoresCase: false }];
}

function withHashedToken<T extends AccountRecord>(model: string, record: T): T {
	const token = record['token'];
	return model === 'session' && typeof token === 'string'
		? { ...record, token: hashOf(token) }
		: record;
}

function conditions(model: string, where: readonly CleanedWhere[]): AccountCondition[] {
	return where.map(({ field, operator, value, connector, mode }) => {
		const isToken = model === 'session' && field === 'token';
		const hashed = (one: unknown): AccountValue =>
			isToken && typeof one === 'string' ? hashOf(one) : (one as AccountValue);
		return {
			field,
			operator: operator ?? 'eq',
			value: Array.isArray(value) ? value.map(hashed) : hashed(value),
			connector: connector ?? 'AND',
			ignoresCase: mode === 'insensitive',
		};
	});
}
