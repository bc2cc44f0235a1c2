import { expect, test } from 'vitest';
import { teamRows } from '#app/model/team-rows.ts';
import type { Row } from '#shared/replica/rows.ts';

function member(user: string, role: Row<'members'>['role'], name = user): Row<'members'> {
	return {
		id: `p/${user}`,
		project: 'p',
		user,
		name,
		role,
		hasCode: false,
		joinedAt: '2026-05-01T00:00:00.000Z',
	};
}
function figures(user: string, more: Partial<Row<'figures'>>): Row<'figures'> {
	return {
		id: `p/${user}`,
		project: 'p',
		user,
		submitted: 0,
		skipped: 0,
		accepted: 0,
		returned: 0,
		spentMs: 0,
		lastAt: null,
		...more,
	};
}

test('members stand by role, then by name', () => {
	const rows = teamRows(
		[member('z', 'labeler', 'Zoe'), member('a', 'labeler', 'Ann'), member('o', 'owner')],
		[],
	);
	expect(rows.map(({ member }) => member.user)).toEqual(['o', 'a', 'z']);
	expect(rows[0]).toMatchObject({ figures: undefined, perHour: undefined, answers: undefined });
});

test('figures say a rate and a share only where there is enough to say', () => {
	const [ann, zoe] = teamRows(
		[member('a', 'labeler', 'Ann'), member('z', 'labeler', 'Zoe')],
		[
			figures('a', { submitted: 60, skipped: 10, accepted: 3, returned: 1, spentMs: 600_000 }),
			figures('z', { submitted: 4, spentMs: 1000 }),
		],
	);
	expect(ann).toMatchObject({ answers: 50, perHour: 360, acceptedShare: 0.75 });
	expect(zoe).toMatchObject({ answers: 4, perHour: undefined, acceptedShare: undefined });
});
