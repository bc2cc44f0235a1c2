import type { Role } from '#shared/access/access.ts';

export interface Invite {
	readonly id: string;
	/** SHA-256 of the token in the link, as hex. */
	readonly hash: string;
	readonly project: string;
	readonly role: Role;
	readonly hasCode: boolean;
	/** Whom it is meant for, as its maker wrote it. */
	readonly name: string | null;
	readonly createdAt: string;
	readonly createdBy: string;
	readonly expiresAt: string;
}

export interface InvitesTable {
	create(invite: Invite): Promise<void>;
	/** An invite that still serves at a time. */
	find(hash: string, now: string): Promise<Invite | undefined>;
	/** Invites of a project that still serve, newest first. */
	list(project: string, now: string): Promise<Invite[]>;
	remove(project: string, id: string): Promise<boolean>;
	/**
	 * Uses an invite up and makes the person a member; who is one already keeps the higher of both roles.
	 * Undefined when it was used or has run out.
	 */
	accept(hash: string, user: string, now: string): Promise<Invite | undefined>;
}
