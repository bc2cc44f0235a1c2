import type { Role } from '#shared/access/access.ts';

export interface Member {
	readonly project: string;
	readonly user: string;
	readonly role: Role;
	readonly hasCode: boolean;
	readonly joinedAt: string;
}

export interface MembersTable {
	find(project: string, user: string): Promise<Member | undefined>;
	list(project: string): Promise<Member[]>;
	/** Adds or changes a member. The last owner of a project stays owner: throws `conflict`. */
	put(member: Member): Promise<void>;
	/** Takes a member away. Throws `conflict` for the last owner. */
	remove(project: string, user: string): Promise<void>;
}
