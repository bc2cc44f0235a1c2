import { roles, type Role } from '#shared/access/access.ts';
import type { Row } from '#shared/replica/rows.ts';

/** A member with what they did; figures are missing where this reader may not know them. */
export interface TeamRow {
	readonly member: Row<'members'>;
	readonly figures: Row<'figures'> | undefined;
	/** Without what was passed over. */
	readonly answers: number | undefined;
	/** Items an hour of work at the desk; undefined while there is too little to say. */
	readonly perHour: number | undefined;
	/** Share of the judged answers that were accepted; undefined where nothing was judged. */
	readonly acceptedShare: number | undefined;
}

/** What each role may do, in a sentence. */
export const roleWords: Readonly<Record<Role, string>> = {
	owner: 'Everything, and says who else owns the project.',
	lead: 'Everything: data, batches, people, snapshots, runs, code.',
	reviewer: 'Reads all of the project, answers, accepts and returns, writes notes.',
	labeler: 'Sees and answers the batches they are in, and nothing else.',
	viewer: 'Reads everything but the code, writes nothing.',
};

/** Who is in the project: by role, then by name, with their figures. */
export function teamRows(
	members: readonly Row<'members'>[],
	figures: readonly Row<'figures'>[],
): TeamRow[] {
	const byUser = new Map(figures.map((row) => [row.user, row]));
	return [...members]
		.sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role) || a.name.localeCompare(b.name))
		.map((member) => {
			const own = byUser.get(member.user);
			return {
				member,
				figures: own,
				answers: own && own.submitted - own.skipped,
				perHour: own && perHour(own),
				acceptedShare: own && acceptedShare(own),
			};
		});
}

/** Below this many items a rate says nothing. */
const leastItems = 5;

function perHour({ submitted, spentMs }: Row<'figures'>): number | undefined {
	return submitted < leastItems || spentMs <= 0 ? undefined : (submitted / spentMs) * 3_600_000;
}

function acceptedShare({ accepted, returned }: Row<'figures'>): number | undefined {
	const judged = accepted + returned;
	return judged === 0 ? undefined : accepted / judged;
}
