import type {
	AccountCondition,
	AccountModel,
	AccountRecord,
	AccountsTable,
	AccountValue,
} from '../accounts.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';

interface Shape {
	readonly table: string;
	/** Column by the library's field. Only what stands here reaches SQL. */
	readonly columns: Readonly<Record<string, string>>;
}

const times = { createdAt: 'created_at', updatedAt: 'updated_at' };
const shapes: { readonly [M in AccountModel]: Shape } = {
	user: {
		table: 'users',
		columns: {
			id: 'id',
			name: 'name',
			email: 'email',
			emailVerified: 'email_verified',
			image: 'image',
			...times,
		},
	},
	session: {
		table: 'sessions',
		columns: {
			id: 'id',
			userId: 'user',
			token: 'token',
			expiresAt: 'expires_at',
			ipAddress: 'ip_address',
			userAgent: 'user_agent',
			...times,
		},
	},
	account: {
		table: 'credentials',
		columns: {
			id: 'id',
			userId: 'user',
			providerId: 'provider',
			accountId: 'account',
			password: 'password',
			...times,
		},
	},
	verification: {
		table: 'verifications',
		columns: {
			id: 'id',
			identifier: 'identifier',
			value: 'value',
			expiresAt: 'expires_at',
			...times,
		},
	},
};

/** The records of the accounts library. */
export function accounts(database: Database): Synchronous<AccountsTable> {
	const selected = ({ columns }: Shape): string =>
		Object.entries(columns)
			.map(([field, column]) => `${column} AS ${field}`)
			.join(', ');

	/** A person's name stands in the members' rows of their projects. */
	const announceNames = (ids: readonly string[]): void => {
		for (const user of ids)
			for (const { project } of database
				.prepare('SELECT project FROM members WHERE user = ?')
				.all(user))
				database.changed(project as string, 'members', `${project as string}/${user}`);
	};

	const find: Synchronous<AccountsTable>['find'] = (model, where, page = {}) => {
		const shape = shapes[model];
		const { text, values } = condition(shape, where);
		const order = page.sortBy
			? ` ORDER BY ${columnOf(shape, page.sortBy.field)} ${page.sortBy.direction === 'desc' ? 'DESC' : 'ASC'}`
			: '';
		return database
			.prepare(
				`SELECT ${selected(shape)} FROM ${shape.table} WHERE ${text}${order} LIMIT ? OFFSET ?`,
			)
			.all(...values, page.limit ?? -1, page.offset ?? 0) as AccountRecord[];
	};

	return {
		find,
		insert(model, record) {
			const shape = shapes[model];
			const entries = Object.entries(record).filter(([field]) => field in shape.columns);
			database
				.prepare(
					`INSERT INTO ${shape.table} (${entries.map(([field]) => columnOf(shape, field)).join(', ')})
					VALUES (${entries.map(() => '?').join(', ')})`,
				)
				.run(...entries.map(([, value]) => value));
			return record;
		},
		count(model, where) {
			const { text, values } = condition(shapes[model], where);
			return database
				.prepare(`SELECT count(*) AS n FROM ${shapes[model].table} WHERE ${text}`)
				.get(...values)?.['n'] as number;
		},
		update(model, where, changes) {
			const shape = shapes[model];
			const { text, values } = condition(shape, where);
			const entries = Object.entries(changes).filter(([field]) => field in shape.columns);
			if (entries.length === 0) return 0;
			const changed = database
				.prepare(
					`UPDATE ${shape.table} SET ${entries.map(([field]) => `${columnOf(shape, field)} = ?`).join(', ')}
					WHERE ${text} RETURNING id`,
				)
				.all(...entries.map(([, value]) => value), ...values);
			if (model === 'user') announceNames(changed.map(({ id }) => id as string));
			return changed.length;
		},
		remove(model, where, limit) {
			const found = find(model, where, limit === undefined ? {} : { limit });
			const drop = database.prepare(`DELETE FROM ${shapes[model].table} WHERE id = ?`);
			for (const { id } of found) drop.run(id as string);
			return found;
		},
		sweep(now) {
			for (const table of ['sessions', 'verifications', 'invites'])
				database.prepare(`DELETE FROM ${table} WHERE expires_at < ?`).run(now);
		},
	};
}

function columnOf({ table, columns }: Shape, field: string): string {
	const column = columns[field];
	if (column === undefined) throw new Error(`${table} has no column for ${field}`);
	return column;
}

const comparisons: { readonly [Operator in AccountCondition['operator']]?: string } = {
	eq: 'IS',
	ne: 'IS NOT',
	lt: '<',
	lte: '<=',
	gt: '>',
	gte: '>=',
};
const patterns: { readonly [Operator in AccountCondition['operator']]?: (text: string) => string } =
	{
		contains: (text) => `%${text}%`,
		starts_with: (text) => `${text}%`,
		ends_with: (text) => `%${text}`,
	};

/** Conditions read from left to right, as the library means them: `a AND b OR c` is `(a AND b) OR c`. */
function condition(
	shape: Shape,
	where: readonly AccountCondition[],
): { readonly text: string; readonly values: AccountValue[] } {
	let text = '';
	const values: AccountValue[] = [];
	for (const clause of where) {
		const one = comparison(columnOf(shape, clause.field), clause, values);
		text = text === '' ? one : `(${text} ${clause.connector} ${one})`;
	}
	return { text: text === '' ? 'TRUE' : text, values };
}

function comparison(
	column: string,
	{ operator, value, ignoresCase }: AccountCondition,
	values: AccountValue[],
): string {
	const collate = ignoresCase ? ' COLLATE NOCASE' : '';
	if (operator === 'in' || operator === 'not_in') {
		const list = Array.isArray(value)
			? (value as readonly AccountValue[])
			: [value as AccountValue];
		values.push(...list);
		return `${column}${collate} ${operator === 'in' ? 'IN' : 'NOT IN'} (${list.map(() => '?').join(', ')})`;
	}
	const pattern = patterns[operator];
	if (pattern) {
		values.push(pattern(String(value).replace(/[\\%_]/g, '\\$&')));
		return `${column} LIKE ? ESCAPE '\\'`;
	}
	values.push(value as AccountValue);
	return `${column}${collate} ${comparisons[operator]!} ?`;
}
