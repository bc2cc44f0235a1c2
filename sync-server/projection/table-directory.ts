import { access } from '#shared/access/access.ts';
import type { Directory } from '../documents/directory.ts';
import type { Tables } from '../tables/tables.ts';

/** Which documents there are and what a person may do with them, as batches and members say now. */
export function tableDirectory(tables: Pick<Tables, 'batches'>): Directory {
	return {
		async find(user, { project, batch: id, part }) {
			const found = await tables.batches.standing(id, user);
			if (!found || found.batch.project !== project) return undefined;
			const { batch, role, isMember } = found;
			const membership = { isMember, isBlind: batch.isBlind };
			const may = access(role, membership, batch.state, part);
			if (may === 'none') return undefined;
			return { access: may, state: batch.state, isBlind: batch.isBlind };
		},
	};
}
