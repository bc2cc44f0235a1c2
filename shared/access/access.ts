/** What a member of a project is. */
export const roles = ['owner', 'lead', 'reviewer', 'labeler', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** The three documents of a batch (design §4). */
export const parts = ['answers', 'verdicts', 'notes'] as const;
export type Part = (typeof parts)[number];

export type BatchState = 'open' | 'closed';

/** How someone stands to one batch: in it, or not, and whether the batch hides its people from each other. */
export interface Membership {
	readonly isMember: boolean;
	readonly isBlind: boolean;
}

export type Access = 'none' | 'read' | 'write';

/**
 * What someone may do with one part of one batch. Answers are written by the batch's members and by
 * reviewers, verdicts by reviewers and leads, notes by everyone who can read the answers (a viewer reads
 * everything and writes nothing). A closed batch still accepts its members' updates (S11): whether they
 * count is decided where they are projected, so the state takes nothing away here. Each blind round is a
 * batch of its own with one member, so blindness needs no rule of its own: who is no member reads nothing.
 */
export function access(
	role: Role | undefined,
	membership: Membership,
	_batchState: BatchState,
	part: Part,
): Access {
	switch (role) {
		case undefined:
			return 'none';
		case 'owner':
		case 'lead':
		case 'reviewer':
			return 'write';
		case 'viewer':
			return 'read';
		case 'labeler':
			if (!membership.isMember) return 'none';
			return part === 'verdicts' ? 'read' : 'write';
	}
}

/** Everything a command may need; each names what it lets a person do. */
export type Right = 'read-project' | 'read-corpus' | 'label' | 'review' | 'lead' | 'code';

/**
 * Whether a role has a right. `read-corpus`: items, history, counts, runs, export. `review`: verdicts and
 * answers anywhere. `lead`: batches, members, schema, imports, snapshots, runs. `code`: read and push git;
 * owners and leads have it by default, a reviewer when it was given to them (`hasCode`). Labelers and viewers
 * never: the repository holds everybody's answers, the gate's too.
 */
export function may(role: Role | undefined, right: Right, hasCode = false): boolean {
	switch (right) {
		case 'read-project':
			return role !== undefined;
		case 'read-corpus':
			return role !== undefined && role !== 'labeler';
		case 'label':
			return role !== undefined && role !== 'viewer';
		case 'review':
			return role === 'owner' || role === 'lead' || role === 'reviewer';
		case 'lead':
			return role === 'owner' || role === 'lead';
		case 'code':
			return role === 'owner' || role === 'lead' || (role === 'reviewer' && hasCode);
	}
}
