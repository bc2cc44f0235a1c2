import type { Role } from '#shared/access/access.ts';
import { CommandError } from '#shared/api/errors.ts';
import type { Member, MembersTable } from '../members.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';

interface Stored {
	project: string;
	user: string;
	role: string;
	hasCode: number;
	joinedAt: string;
}

function read(row: Stored): Member {
	return { ...row, role: row.role as Role, hasCode: row.hasCode === 1 };
}

const columns = 'project, user, role, has_code AS hasCode, joined_at AS joinedAt';

/** Who is in which project, as what. */
export function members(database: Database): Synchronous<MembersTable> {
	const find = (project: string, user: string): Member | undefined => {
		const row = database
			.prepare(`SELECT ${columns} FROM members WHERE project = ? AND user = ?`)
			.get(project, user);
		return row && read(row as unknown as Stored);
	};
	const keepsAnOwner = (project: string, without: string): void => {
		if (find(project, without)?.role !== 'owner') return;
		const others = database
			.prepare(`SELECT 1 FROM members WHERE project = ? AND role = 'owner' AND user <> ?`)
			.get(project, without);
		if (!others) throw new CommandError('conflict', `${project} would be left without an owner.`);
	};
	/** The member's row for those who see members, and the whole project anew for the member. */
	const announce = (project: string, user: string): void => {
		database.changed(project, 'members', `${project}/${user}`);
		database.changed(project, 'projects', project, user);
	};
	return {
		find,
		list: (project) =>
			database
				.prepare(`SELECT ${columns} FROM members WHERE project = ? ORDER BY joined_at, user`)
				.all(project)
				.map((row) => read(row as unknown as Stored)),
		put({ project, user, role, hasCode, joinedAt }) {
			if (role !== 'owner') keepsAnOwner(project, user);
			database
				.prepare(
					`INSERT INTO members (project, user, role, has_code, joined_at) VALUES (?, ?, ?, ?, ?)
					ON CONFLICT (project, user) DO UPDATE SET role = excluded.role, has_code = excluded.has_code`,
				)
				.run(project, user, role, Number(hasCode), joinedAt);
			announce(project, user);
		},
		remove(project, user) {
			keepsAnOwner(project, user);
			database.prepare('DELETE FROM members WHERE project = ? AND user = ?').run(project, user);
			announce(project, user);
		},
	};
}
