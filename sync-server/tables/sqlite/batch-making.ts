import { randomBytes } from 'node:crypto';
import { CommandError } from '#shared/api/errors.ts';
import type { BatchPurpose } from '#shared/replica/rows.ts';
import type { Choice } from '../batches.ts';
import type { Database } from './database.ts';
import { conditionOf } from './item-filter.ts';
import { corpusOfItem } from './standing.ts';

/** Where the items of a purpose stand before it, when nobody names them one by one. */
const standingFor = {
	label: 'pool',
	fix: 'labeled',
	audit: 'labeled',
	review: 'waiting',
} as const satisfies Record<BatchPurpose, string>;

/** The items a choice means, in order. Throws `bad_request` for items that are not there. */
export function chosenItems(
	database: Database,
	project: string,
	purpose: BatchPurpose,
	choice: Choice,
	overlap: number,
): string[] {
	if (choice.kind === 'items') return namedItems(database, project, choice.items);
	const base = conditionOf(project, choice.by === 'filter' ? choice.filter : {});
	const parts = [base.sql, `items.standing <> 'withdrawn'`];
	if (choice.by !== 'filter') parts.push(`items.standing = '${standingFor[purpose]}'`);
	if (overlap === 1) parts.push('items.open_batches = 0');
	// A multiplicative hash of the item's number: an order that looks random and is the same for a seed.
	const order =
		choice.by === 'random' ? '((items.seq + ?) * 2654435761) % 4294967296' : 'items.seq + 0 * ?';
	return database
		.prepare(`SELECT items.id FROM items WHERE ${parts.join(' AND ')} ORDER BY ${order} LIMIT ?`)
		.all(...base.values, choice.by === 'random' ? choice.seed : 0, choice.count)
		.map(({ id }) => id as string);
}

function namedItems(database: Database, project: string, named: readonly string[]): string[] {
	const items = [...new Set(named)];
	for (const item of items) {
		const known = database
			.prepare('SELECT is_withdrawn AS isWithdrawn FROM items WHERE project = ? AND id = ?')
			.get(project, item);
		if (!known)
			throw new CommandError('bad_request', `items: there is no item ${item} in ${project}.`);
		if (known['isWithdrawn'] === 1)
			throw new CommandError('bad_request', `items: ${item} was withdrawn.`);
	}
	return items;
}

export interface NewBatch {
	readonly project: string;
	readonly purpose: BatchPurpose;
	readonly name: string | undefined;
	readonly items: readonly string[];
	readonly members: readonly string[];
	readonly isBlind: boolean;
	readonly by: string;
	readonly at: string;
}

/**
 * Puts a batch down with its items and members; returns its id. What an item's author will have seen comes
 * along: the heads, and for fixing and reviewing the corpus answer. In a blind or audit batch nothing does,
 * so that answers stand beside each other.
 */
export function putBatch(database: Database, batch: NewBatch): string {
	const { project, purpose, items, members, isBlind, by, at } = batch;
	const id = randomBytes(10).toString('hex');
	const { number } = database
		.prepare('SELECT count(*) + 1 AS number FROM batches WHERE project = ?')
		.get(project) as { number: number };
	database
		.prepare(
			`INSERT INTO batches (id, project, name, purpose, state, schema_version, size, is_blind, created_at, created_by)
			SELECT ?, id, ?, ?, 'open', schema_version, ?, ?, ?, ? FROM projects WHERE id = ?`,
		)
		.run(
			id,
			batch.name ?? `Batch ${number}`,
			purpose,
			items.length,
			Number(isBlind),
			at,
			by,
			project,
		);
	for (const user of members)
		database.prepare('INSERT INTO batch_members (batch, user) VALUES (?, ?)').run(id, user);
	const isApart = isBlind || purpose === 'audit';
	const bringsCurrent = !isApart && (purpose === 'fix' || purpose === 'review');
	for (const [position, item] of items.entries()) {
		const corpus = isApart ? undefined : corpusOfItem(database, project, item);
		const current = bringsCurrent ? corpus?.current?.answer : undefined;
		database
			.prepare(
				'INSERT INTO batch_items (batch, position, project, item, heads, current) VALUES (?, ?, ?, ?, ?, ?)',
			)
			.run(
				id,
				position,
				project,
				item,
				JSON.stringify(corpus?.heads ?? []),
				current === undefined ? null : JSON.stringify(current),
			);
		database
			.prepare('UPDATE items SET open_batches = open_batches + 1 WHERE project = ? AND id = ?')
			.run(project, item);
	}
	database.changed(project, 'batches', id);
	database.changed(project, 'summaries', project);
	return id;
}

/** Throws `bad_request` unless everyone is in the project and may answer. */
export function checkMembers(database: Database, project: string, users: readonly string[]): void {
	for (const user of users) {
		const member = database
			.prepare('SELECT role FROM members WHERE project = ? AND user = ?')
			.get(project, user);
		if (!member)
			throw new CommandError('bad_request', `members: ${user} is not a member of ${project}.`);
		if (member['role'] === 'viewer')
			throw new CommandError('bad_request', `members: ${user} is a viewer and writes nothing.`);
	}
}
