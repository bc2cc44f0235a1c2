import { describe, expect, it } from 'vitest';
import {
	access,
	may,
	parts,
	roles,
	type Access,
	type Right,
	type Role,
} from '#shared/access/access.ts';

/** Per role: what a member, and what someone outside the batch, may do with answers, verdicts, notes. */
const batchTable: readonly [Role | undefined, string, string][] = [
	['owner', 'write write write', 'write write write'],
	['lead', 'write write write', 'write write write'],
	['reviewer', 'write write write', 'write write write'],
	['labeler', 'write read write', 'none none none'],
	['viewer', 'read read read', 'read read read'],
	[undefined, 'none none none', 'none none none'],
];

describe('access: who may do what with the documents of a batch (design §4)', () => {
	const cases = batchTable.flatMap(([role, inside, outside]) =>
		(['open', 'closed'] as const).flatMap((state) =>
			[true, false].flatMap((isBlind) =>
				[true, false].flatMap((isMember) =>
					parts.map((part, n) => {
						const expected = (isMember ? inside : outside).split(' ')[n] as Access;
						return { role, isMember, isBlind, state, part, expected };
					}),
				),
			),
		),
	);

	it('has a case for every role, membership, state and part', () => {
		expect(cases).toHaveLength((roles.length + 1) * 2 * 2 * 2 * parts.length);
	});

	it.each(cases)(
		'$role, member $isMember, blind $isBlind, $state: $part → $expected',
		({ role, isMember, isBlind, state, part, expected }) => {
			expect(access(role, { isMember, isBlind }, state, part)).toBe(expected);
		},
	);
});

const rights: readonly Right[] = ['read-project', 'read-corpus', 'label', 'review', 'lead', 'code'];
const rightTable: readonly [Role | undefined, boolean, readonly Right[]][] = [
	['owner', false, rights],
	['lead', false, rights],
	['reviewer', false, ['read-project', 'read-corpus', 'label', 'review']],
	['reviewer', true, ['read-project', 'read-corpus', 'label', 'review', 'code']],
	['labeler', false, ['read-project', 'label']],
	// Git holds the whole corpus and the gate's answers: no extra right opens it to who may not read those.
	['labeler', true, ['read-project', 'label']],
	['viewer', false, ['read-project', 'read-corpus']],
	['viewer', true, ['read-project', 'read-corpus']],
	[undefined, false, []],
	[undefined, true, []],
];

describe('may: who has which right (design §2, Roles)', () => {
	const cases = rightTable.flatMap(([role, hasCode, granted]) =>
		rights.map((right) => ({ role, hasCode, right, expected: granted.includes(right) })),
	);
	it.each(cases)(
		'$role, code $hasCode: $right → $expected',
		({ role, hasCode, right, expected }) => {
			expect(may(role, right, hasCode)).toBe(expected);
		},
	);
});
