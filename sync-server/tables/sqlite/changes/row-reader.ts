import type { Role } from '#shared/access/access.ts';
import type { ReplicaTable, Row } from '#shared/replica/rows.ts';

/** Somebody in front of one project. */
export interface Viewer {
	readonly user: string;
	readonly project: string;
	readonly role: Role;
	readonly hasCode: boolean;
}

/** How the rows of one table of the replica look to a viewer. */
export interface RowReader<T extends ReplicaTable> {
	/**
	 * Whether a viewer may learn that a row of this id exists or is gone. False: neither the row nor its
	 * null is sent, so that not even a count of what others do leaks.
	 */
	mayKnow(viewer: Viewer, id: string): boolean;
	/** The row as the viewer may see it; undefined when there is none for them. */
	read(viewer: Viewer, id: string): Row<T> | undefined;
	/** All rows of the viewer's project that they may see. */
	ids(viewer: Viewer): string[];
}

/** True for everyone but labelers. */
export function readsCorpus(viewer: Viewer): boolean {
	return viewer.role !== 'labeler';
}

/** True for owners and leads. */
export function leads(viewer: Viewer): boolean {
	return viewer.role === 'owner' || viewer.role === 'lead';
}

/** The part of `<project>/<user>` after the project; undefined when it names another project. */
export function userOf(viewer: Viewer, id: string): string | undefined {
	const prefix = `${viewer.project}/`;
	return id.startsWith(prefix) ? id.slice(prefix.length) : undefined;
}
