import type { Role } from '#shared/access/access.ts';
import { schemaShape } from '#shared/schema/schema.ts';
import { shardOf } from '#shared/snapshot/layout.ts';
import { openDatabase, type Database } from '#sync-server/tables/sqlite/database.ts';
import { nounsOf } from '#sync-server/tables/sqlite/nouns.ts';

export const project = 'p';
const began = '2026-01-01T00:00:00.000Z';

/** Who is there at the beginning. */
export const roles: Readonly<Record<string, Role>> = {
	owner: 'owner',
	rita: 'reviewer',
	vic: 'viewer',
	lara: 'labeler',
	liam: 'labeler',
	lena: 'labeler',
};

const schema = schemaShape.parse({
	shows: [{ field: 'text', as: 'text' }],
	tools: [
		{
			name: 'mood',
			kind: 'choice',
			required: true,
			options: ['good', 'bad', 'mixed'].map((name) => ({ name })),
		},
	],
});

export interface TestBatch {
	readonly id: string;
	readonly items: readonly string[];
	readonly isBlind: boolean;
}

/** A project with an open batch of two people and a blind round of two, in the real tables. */
export function openTestTables(): {
	readonly database: Database;
	readonly nouns: ReturnType<typeof nounsOf>;
	readonly batches: readonly TestBatch[];
} {
	const database = openDatabase(':memory:');
	const nouns = nounsOf(database);
	const { result } = database.transaction(() => {
		nouns.projects.create({
			id: project,
			name: project,
			schema,
			reviews: true,
			isSample: false,
			itemKey: 'ab',
			by: 'owner',
			at: began,
		});
		for (const [user, role] of Object.entries(roles))
			nouns.members.put({ project, user, role, hasCode: false, joinedAt: began });
		bringItems(nouns, ['i0', 'i1', 'i2', 'i3']);
		const open = makeBatches(nouns, ['i0', 'i1'], ['lara', 'liam'], false);
		const blind = makeBatches(nouns, ['i2', 'i3'], ['liam', 'lena'], true);
		return [...open, ...blind];
	});
	return { database, nouns, batches: result };
}

function bringItems(nouns: ReturnType<typeof nounsOf>, ids: readonly string[]): void {
	nouns.imports.start({ id: 'import', project, by: 'owner', at: began, format: 'jsonl' });
	nouns.imports.append({
		id: 'import',
		project,
		by: 'owner',
		at: began,
		schemaVersion: 1,
		replaces: false,
		lines: ids.length,
		refusals: [],
		refusedMore: 0,
		rows: ids.map((id, index) => ({
			line: index + 1,
			id,
			data: `{"text":"${id}"}`,
			words: id,
			meta: null,
			group: null,
			split: 'train',
			shard: shardOf(id),
			media: [],
			answer: null,
		})),
	});
	nouns.imports.end('import', 'done');
}

function makeBatches(
	nouns: ReturnType<typeof nounsOf>,
	items: readonly string[],
	members: readonly string[],
	isBlind: boolean,
): TestBatch[] {
	const { batches } = nouns.batches.create({
		project,
		purpose: 'label',
		name: undefined,
		choice: { kind: 'items', items },
		members,
		overlap: isBlind ? members.length : 1,
		isBlind,
		size: items.length,
		by: 'owner',
		at: began,
	});
	return batches.map((id) => ({ id, items, isBlind }));
}
