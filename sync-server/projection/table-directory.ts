import { access, parts } from '#shared/access/access.ts';
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
		async reach(user) {
			const { projects, batches } = await tables.batches.standings(user);
			// Whole is what they read without being in any batch, a blind one too.
			const stranger = { isMember: false, isBlind: true };
			const whole = projects
				.filter(({ role }) => readsAll((part) => access(role, stranger, 'open', part)))
				.map(({ project }) => project);
			const single = batches.filter(
				({ project, role, isBlind, state }) =>
					!whole.includes(project) &&
					readsAll((part) => access(role, { isMember: true, isBlind }, state, part)),
			);
			return [
				...whole.map((project) => `${project}/`),
				...single.map(({ project, batch }) => `${project}/${batch}/`),
			];
		},
	};
}

function readsAll(accessTo: (part: (typeof parts)[number]) => string): boolean {
	return parts.every((part) => accessTo(part) !== 'none');
}
