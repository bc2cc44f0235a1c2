import type { Packet } from '#shared/api/replies.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';
import type { PacketItem } from '#shared/replica/rows.ts';
import type { Answer } from '#shared/schema/answer.ts';
import { mediaOf } from '#shared/schema/item.ts';
import type { Batch } from '../batches.ts';
import type { Database } from './database.ts';

interface Stored {
	id: string;
	data: string;
	meta: string | null;
	grp: string | null;
	heads: string;
	current: string | null;
}

/** What the members of a batch work with: its items as they were put into it, and the media they name. */
export function packetOf(database: Database, batch: Batch): Packet {
	const stored = database
		.prepare(
			`SELECT items.id, items.data, items.meta, items.grp, batch_items.heads, batch_items.current FROM batch_items
			JOIN items ON items.project = batch_items.project AND items.id = batch_items.item
			WHERE batch_items.batch = ? AND items.is_withdrawn = 0 ORDER BY batch_items.position`,
		)
		.all(batch.id) as unknown as Stored[];
	const items = stored.map((row): PacketItem => ({
		id: row.id,
		data: JSON.parse(row.data) as PacketItem['data'],
		...(row.meta === null ? {} : { meta: JSON.parse(row.meta) as Record<string, Json> }),
		...(row.grp === null ? {} : { group: row.grp }),
		heads: JSON.parse(row.heads) as string[],
		...(row.current === null ? {} : { current: JSON.parse(row.current) as Answer }),
	}));
	const named = new Map(
		items.flatMap(({ data }) => mediaOf(data).map(({ blob, type }) => [blob, type])),
	);
	const media = [...named].flatMap(([sha256, type]) => {
		const kept = database
			.prepare('SELECT size FROM blobs WHERE project = ? AND sha256 = ?')
			.get(batch.project, sha256);
		return kept ? [{ sha256, sizeBytes: kept['size'] as number, type }] : [];
	});
	return {
		batch: batch.id,
		project: batch.project,
		schemaVersion: batch.schemaVersion,
		items,
		media,
	};
}
