import { CommandError } from '#shared/api/errors.ts';
import type { Role } from '#shared/access/access.ts';
import type { BatchesTable, Batch, PersonStandings } from '../batches.ts';
import type { Synchronous } from '../synchronous.ts';
import { checkMembers, chosenItems, putBatch } from './batch-making.ts';
import type { Database } from './database.ts';
import { packetOf } from './packet.ts';
import { restand } from './standing.ts';

/** Batches: which items are with whom. */
export function batches(database: Database): Synchronous<BatchesTable> {
	const find = (id: string): Batch | undefined => {
		const row = database
			.prepare(
				`SELECT id, project, name, purpose, state, schema_version AS schemaVersion, size, is_blind AS isBlind,
				created_at AS createdAt, created_by AS createdBy, closed_at AS closedAt FROM batches WHERE id = ?`,
			)
			.get(id) as (Omit<Batch, 'isBlind' | 'members'> & { isBlind: number }) | undefined;
		const members = membersOf(id);
		return row && { ...row, isBlind: row.isBlind === 1, members };
	};
	const membersOf = (batch: string): string[] =>
		database
			.prepare('SELECT user FROM batch_members WHERE batch = ? ORDER BY user')
			.all(batch)
			.map(({ user }) => user as string);
	const itemsOf = (batch: string): string[] =>
		database
			.prepare('SELECT item FROM batch_items WHERE batch = ? ORDER BY position')
			.all(batch)
			.map(({ item }) => item as string);
	const existing = (id: string): Batch => {
		const batch = find(id);
		if (!batch) throw new CommandError('not_found', `There is no batch ${id}.`);
		return batch;
	};
	/** Moves a batch to a state, and its items in or out of the open ones. */
	const setState = (batch: Batch, state: Batch['state'], closedAt: string | null): void => {
		database
			.prepare('UPDATE batches SET state = ?, closed_at = ? WHERE id = ?')
			.run(state, closedAt, batch.id);
		database
			.prepare(
				`UPDATE items SET open_batches = open_batches + ? WHERE project = ?
				AND id IN (SELECT item FROM batch_items WHERE batch = ?)`,
			)
			.run(state === 'open' ? 1 : -1, batch.project, batch.id);
		database.changed(batch.project, 'batches', batch.id);
		database.changed(batch.project, 'summaries', batch.project);
	};

	return {
		create({ project, purpose, name, choice, members, overlap, isBlind, size, by, at }) {
			checkMembers(database, project, members);
			if (isBlind && members.length < overlap)
				throw new CommandError(
					'bad_request',
					`members: a blind round with overlap ${overlap} needs ${overlap} people, here are ${members.length}.`,
				);
			const items = chosenItems(database, project, purpose, choice, overlap);
			if (items.length === 0)
				throw new CommandError('no_items', 'No item of the project fits this choice now.');
			const made: string[] = [];
			const chunks = Math.ceil(items.length / size);
			for (let chunk = 0; chunk < chunks; chunk++)
				for (let round = 0; round < overlap; round++) {
					const turn = chunk * overlap + round;
					const isSole = chunks === 1 && overlap === 1;
					made.push(
						putBatch(database, {
							project,
							purpose,
							name: name === undefined || isSole ? name : `${name} ${turn + 1}`,
							items: items.slice(chunk * size, (chunk + 1) * size),
							members: isBlind
								? [members[turn % members.length]!]
								: members.filter((_, place) => overlap === 1 || place % overlap === round),
							isBlind,
							by,
							at,
						}),
					);
				}
			return { batches: made };
		},
		take({ project, user, count, besides, at }) {
			const begun = database
				.prepare(
					`SELECT batches.id FROM batch_members JOIN batches ON batches.id = batch_members.batch
					WHERE batch_members.user = ? AND batches.project = ? AND batches.state = 'open'
					AND EXISTS (SELECT 1 FROM batch_items
						JOIN items ON items.project = batch_items.project AND items.id = batch_items.item
						WHERE batch_items.batch = batches.id AND items.is_withdrawn = 0
						AND NOT EXISTS (SELECT 1 FROM submissions
							WHERE submissions.batch = batch_items.batch AND submissions.item = batch_items.item))
					ORDER BY batches.created_at, batches.id`,
				)
				.all(user, project)
				.map(({ id }) => id as string)
				.find((id) => !besides.includes(id));
			if (begun !== undefined) return { batch: begun, isNew: false };
			const choice = { kind: 'choose', by: 'oldest', count, filter: {}, seed: 0 } as const;
			const items = chosenItems(database, project, 'label', choice, 1);
			if (items.length === 0)
				throw new CommandError('no_items', `${project} has no item left to label.`);
			const batch = putBatch(database, {
				project,
				purpose: 'label',
				name: undefined,
				items,
				members: [user],
				isBlind: false,
				by: user,
				at,
			});
			return { batch, isNew: true };
		},
		fix({ project, item, user, at }) {
			const known = database
				.prepare('SELECT 1 FROM items WHERE project = ? AND id = ? AND is_withdrawn = 0')
				.get(project, item);
			if (!known) throw new CommandError('not_found', `There is no item ${item} in ${project}.`);
			const unused = database
				.prepare(
					`SELECT batches.id FROM batch_items JOIN batches ON batches.id = batch_items.batch
					JOIN batch_members ON batch_members.batch = batches.id AND batch_members.user = ?
					WHERE batch_items.project = ? AND batch_items.item = ? AND batches.state = 'open'
					AND batches.purpose = 'fix' AND batches.size = 1
					AND NOT EXISTS (SELECT 1 FROM submissions WHERE submissions.batch = batches.id)`,
				)
				.get(user, project, item);
			if (unused) return { batch: unused['id'] as string, isNew: false };
			const batch = putBatch(database, {
				project,
				purpose: 'fix',
				name: `Fix ${item}`.slice(0, 100),
				items: [item],
				members: [user],
				isBlind: false,
				by: user,
				at,
			});
			return { batch, isNew: true };
		},
		find,
		lastClosed: () =>
			(database.prepare('SELECT max(closed_at) AS at FROM batches').get()?.['at'] ?? undefined) as
				string | undefined,
		standing(id, user) {
			const batch = find(id);
			// As much is looked up where there is none: the time of an answer does not tell that there is one.
			const member = database
				.prepare('SELECT role FROM members WHERE project = ? AND user = ?')
				.get(batch?.project ?? '', user);
			if (!batch) return undefined;
			return {
				batch,
				role: member?.['role'] as Role | undefined,
				isMember: batch.members.includes(user),
			};
		},
		standings(user) {
			const projects = database
				.prepare('SELECT project, role FROM members WHERE user = ? ORDER BY project')
				.all(user) as unknown as PersonStandings['projects'];
			const batches = database
				.prepare(
					`SELECT batches.project, batches.id AS batch, batches.state, batches.is_blind AS isBlind, role
					FROM batch_members JOIN batches ON batches.id = batch_members.batch
					JOIN members ON members.project = batches.project AND members.user = batch_members.user
					WHERE batch_members.user = ? ORDER BY batches.project, batches.id`,
				)
				.all(user) as unknown as (Omit<PersonStandings['batches'][number], 'isBlind'> & {
				readonly isBlind: number;
			})[];
			return {
				projects,
				batches: batches.map((one) => ({ ...one, isBlind: one.isBlind === 1 })),
			};
		},
		close(id, at) {
			const batch = existing(id);
			if (batch.state === 'open') setState(batch, 'closed', at);
		},
		reopen(id) {
			const batch = existing(id);
			if (batch.state === 'open') return;
			setState(batch, 'open', null);
			const { changes } = database
				.prepare(
					'UPDATE submissions SET is_late = 0 WHERE batch = ? AND is_late = 1 AND is_withdrawn = 0',
				)
				.run(id);
			if (changes > 0) restand(database, batch.project, itemsOf(id));
		},
		change({ batch: id, name, members }) {
			const batch = existing(id);
			if (name !== undefined)
				database.prepare('UPDATE batches SET name = ? WHERE id = ?').run(name, id);
			if (members !== undefined) {
				checkMembers(database, batch.project, members);
				if (batch.isBlind && members.length > 1)
					throw new CommandError('bad_request', 'members: a blind batch has one member.');
				// Only who is new or gone: each such change is told to the person, and to nobody else.
				const [before, after] = [new Set(batch.members), new Set(members)];
				for (const user of before.difference(after))
					database.prepare('DELETE FROM batch_members WHERE batch = ? AND user = ?').run(id, user);
				for (const user of after.difference(before))
					database.prepare('INSERT INTO batch_members (batch, user) VALUES (?, ?)').run(id, user);
			}
			database.changed(batch.project, 'batches', id);
		},
		holding: (project, item) =>
			database
				.prepare(
					`SELECT batches.id FROM batch_items JOIN batches ON batches.id = batch_items.batch
					WHERE batch_items.project = ? AND batch_items.item = ? ORDER BY batches.created_at DESC, batches.id`,
				)
				.all(project, item)
				.map(({ id }) => id as string),
		packet(id) {
			const batch = find(id);
			return batch && packetOf(database, batch);
		},
	};
}
