import type { BlobRecord, BlobsTable } from '../blobs.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';

const columns = 'project, sha256, size AS sizeBytes, type, at';

/** Which project may see which blob. */
export function blobs(database: Database): Synchronous<BlobsTable> {
	const add = ({ project, sha256, sizeBytes, type, at }: BlobRecord): void => {
		database
			.prepare(
				`INSERT INTO blobs (project, sha256, size, type, at) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (project, sha256) DO NOTHING`,
			)
			.run(project, sha256, sizeBytes, type, at);
	};
	const find = (project: string, sha256: string): BlobRecord | undefined =>
		database
			.prepare(`SELECT ${columns} FROM blobs WHERE project = ? AND sha256 = ?`)
			.get(project, sha256) as BlobRecord | undefined;
	return {
		add,
		find,
		findMany: (project, hashes) => hashes.flatMap((sha256) => find(project, sha256) ?? []),
		isShownTo: ({ project, sha256, user }) =>
			database
				.prepare(
					`SELECT 1 FROM item_media AS media
					JOIN batch_items AS held ON held.project = media.project AND held.item = media.item
					JOIN batch_members AS member ON member.batch = held.batch AND member.user = ?
					WHERE media.project = ? AND media.sha256 = ? LIMIT 1`,
				)
				.get(user, project, sha256) !== undefined,
	};
}
