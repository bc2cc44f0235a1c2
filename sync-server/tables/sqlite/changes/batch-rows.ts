import type { BatchState } from '#shared/access/access.ts';
import type { BatchPurpose } from '#shared/replica/rows.ts';
import type { Database } from '../database.ts';
import { batchCounts } from './batch-counts.ts';
import { readsCorpus, type RowReader, type Viewer } from './row-reader.ts';

interface Stored {
	readonly id: string;
	readonly project: string;
	readonly name: string;
	readonly purpose: BatchPurpose;
	readonly state: BatchState;
	readonly schemaVersion: number;
	readonly size: number;
	readonly isBlind: number;
	readonly createdAt: string;
	readonly createdBy: string;
	readonly closedAt: string | null;
}

/**
 * Members of a batch see it, and everyone but labelers sees all. That a labeler was put into a batch or
 * taken out reaches them as a change addressed to them; what happens in other batches never does.
 */
export function batchRows(database: Database): RowReader<'batches'> {
	const isMember = ({ user }: Viewer, batch: string): boolean =>
		database
			.prepare('SELECT 1 FROM batch_members WHERE batch = ? AND user = ?')
			.get(batch, user) !== undefined;
	const mayKnow = (viewer: Viewer, id: string): boolean =>
		readsCorpus(viewer) || isMember(viewer, id);
	return {
		mayKnow,
		ids: (viewer) =>
			(readsCorpus(viewer)
				? database
						.prepare('SELECT id FROM batches WHERE project = ? ORDER BY created_at, id')
						.all(viewer.project)
				: database
						.prepare(
							`SELECT id FROM batches WHERE project = ? AND id IN (SELECT batch FROM batch_members WHERE user = ?)
							ORDER BY created_at, id`,
						)
						.all(viewer.project, viewer.user)
			).map(({ id }) => id as string),
		read(viewer, id) {
			const batch = database
				.prepare(
					`SELECT id, project, name, purpose, state, schema_version AS schemaVersion, size, is_blind AS isBlind,
						created_at AS createdAt, created_by AS createdBy, closed_at AS closedAt
					FROM batches WHERE project = ? AND id = ?`,
				)
				.get(viewer.project, id) as unknown as Stored | undefined;
			if (!batch || !mayKnow(viewer, id)) return undefined;
			const isBlind = batch.isBlind === 1;
			const members =
				isBlind && !readsCorpus(viewer)
					? [viewer.user]
					: database
							.prepare('SELECT user FROM batch_members WHERE batch = ? ORDER BY user')
							.all(id)
							.map(({ user }) => user as string);
			const { decidedElsewhere, ...counts } = batchCounts(database, viewer.project, id);
			const told = !isBlind && decidedElsewhere ? { decidedElsewhere } : {};
			return { ...batch, isBlind, members, ...counts, ...told };
		},
	};
}
