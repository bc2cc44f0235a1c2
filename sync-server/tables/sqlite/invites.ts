import { roles, type Role } from '#shared/access/access.ts';
import type { Invite, InvitesTable } from '../invites.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';
import { members } from './members.ts';

const columns = `id, hash, project, role, has_code AS hasCode, name, created_at AS createdAt,
	created_by AS createdBy, expires_at AS expiresAt`;

type Stored = Omit<Invite, 'hasCode'> & { readonly hasCode: number };

const read = (row: Stored): Invite => ({ ...row, hasCode: row.hasCode === 1 });

/** Invitations that were not used yet. */
export function invites(database: Database): Synchronous<InvitesTable> {
	const { find: findMember, put: putMember } = members(database);
	const find = (hash: string, now: string): Invite | undefined => {
		const row = database
			.prepare(`SELECT ${columns} FROM invites WHERE hash = ? AND expires_at > ?`)
			.get(hash, now);
		return row && read(row as unknown as Stored);
	};
	return {
		create(invite) {
			database
				.prepare(
					`INSERT INTO invites (id, hash, project, role, has_code, name, created_at, created_by, expires_at)
					VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				)
				.run(
					invite.id,
					invite.hash,
					invite.project,
					invite.role,
					Number(invite.hasCode),
					invite.name,
					invite.createdAt,
					invite.createdBy,
					invite.expiresAt,
				);
		},
		find,
		list: (project, now) =>
			database
				.prepare(
					`SELECT ${columns} FROM invites WHERE project = ? AND expires_at > ? ORDER BY created_at DESC, id`,
				)
				.all(project, now)
				.map((row) => read(row as unknown as Stored)),
		remove: (project, id) =>
			database.prepare('DELETE FROM invites WHERE project = ? AND id = ?').run(project, id)
				.changes > 0,
		accept(hash, user, now) {
			const invite = find(hash, now);
			if (!invite) return undefined;
			database.prepare('DELETE FROM invites WHERE id = ?').run(invite.id);
			const present = findMember(invite.project, user);
			putMember({
				project: invite.project,
				user,
				role: higher(invite.role, present?.role),
				hasCode: invite.hasCode || (present?.hasCode ?? false),
				joinedAt: present?.joinedAt ?? now,
			});
			return invite;
		},
	};
}

/** `roles` stands in order of rights, but for the viewer, who reads more than a labeler and writes nothing. */
function higher(a: Role, b: Role | undefined): Role {
	return b !== undefined && roles.indexOf(b) < roles.indexOf(a) ? b : a;
}
