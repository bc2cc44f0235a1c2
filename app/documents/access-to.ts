import { access, type Access } from '#shared/access/access.ts';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import type { Replica } from '#app/replica/database.ts';

/** What this person may do with the document, by what the replica says about the project and the batch. */
export async function accessTo(replica: Replica, document: string, user: string): Promise<Access> {
	const name = parseDocumentName(document);
	if (!name) return 'none';
	const [project, batch] = await Promise.all([
		replica.projects.get(name.project),
		replica.batches.get(name.batch),
	]);
	if (!project || !batch) return 'none';
	const membership = { isMember: batch.members.includes(user), isBlind: batch.isBlind };
	return access(project.role, membership, batch.state, name.part);
}
