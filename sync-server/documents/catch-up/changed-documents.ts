import { createHash } from 'node:crypto';
import { formatCursor } from '#shared/wire/cursor.ts';
import type { UpdateLog } from '../../log/update-log.ts';
import type { Directory } from '../directory.ts';

/** How far someone has come in the changes of all documents that they may read. */
export interface ChangedPosition {
	/** The last change that they were told of. */
	readonly change: number;
	/** Stands for what they might read then. */
	readonly reach: string;
}

/** Documents that changed, each with how far it goes now. */
export interface ChangedPage {
	readonly documents: readonly { readonly name: string; readonly cursor: string }[];
	readonly position: ChangedPosition;
	readonly more: boolean;
}

const pageDocuments = 4000;

/**
 * Which documents that a person may read changed after a position, in the order of their last changes.
 * Without a position there are none, only where to go on from. Who may read other documents than then is
 * told of all they may read: the position knows nothing of those. It moves with what they may read alone,
 * so that it does not even tell that somebody else wrote something.
 */
export async function changedDocuments(
	{ log, directory }: { readonly log: UpdateLog; readonly directory: Directory },
	user: string,
	since: ChangedPosition | undefined,
): Promise<ChangedPage> {
	const among = await directory.reach(user);
	const reach = createHash('sha256').update(among.join('\n')).digest('base64url').slice(0, 16);
	if (!since) {
		const position = { change: await log.lastChange(among), reach };
		return { documents: [], position, more: false };
	}
	const after = since.reach === reach ? since.change : 0;
	const found = await log.changed(among, after, pageDocuments + 1);
	const page = found.slice(0, pageDocuments);
	return {
		documents: page.map(({ name, cursor }) => ({ name, cursor: formatCursor(cursor) })),
		position: { change: page.at(-1)?.change ?? after, reach },
		more: found.length > page.length,
	};
}
