import type { Submission } from './submission.ts';

/**
 * Who had seen what, directly or through others, among the submissions of one item. Submissions are
 * spoken of by their place in the list.
 *
 * A person's answer counts as later than every import and skim, and a program's `after` never names a
 * person: that is all it takes for an import never to replace a person's answer. One that was told to replace
 * ranks as a person's.
 */
export interface Past {
	/** True when the author of `later` had seen `earlier`. In a circle everybody has seen everybody. */
	readonly saw: (later: number, earlier: number) => boolean;
	/** Those that nobody else in the list had seen. Of a circle that nobody outside had seen: all of it. */
	readonly headsOf: (members: readonly number[]) => number[];
	/** Those that every one of `heads` had seen, circles with a head left out. */
	readonly sharedPastOf: (heads: readonly number[]) => number[];
}

/**
 * The past of the submissions of one item, whatever their `after` says: unknown ids, ids twice, its own id
 * and circles are harmless. Costs the square of their number.
 */
export function pastOf(submissions: readonly Submission[]): Past {
	const count = submissions.length;
	const seen = reachable(directlySeen(submissions));
	const saw = (later: number, earlier: number): boolean => seen[later]?.[earlier] === 1;
	const isBefore = (earlier: number, later: number): boolean =>
		saw(later, earlier) && !saw(earlier, later);
	return {
		saw,
		headsOf: (members) => members.filter((one) => !members.some((other) => isBefore(one, other))),
		sharedPastOf: (heads) =>
			Array.from({ length: count }, (_, one) => one).filter((one) =>
				heads.every((head) => isBefore(one, head)),
			),
	};
}

function directlySeen(submissions: readonly Submission[]): Uint8Array[] {
	const places = new Map(submissions.map(({ id }, place) => [id, place]));
	return submissions.map((submission) => {
		const row = new Uint8Array(submissions.length);
		const isHuman = isPersons(submission);
		for (const id of submission.after) {
			const place = places.get(id);
			if (place !== undefined && (isHuman || !isPersons(submissions[place]!))) row[place] = 1;
		}
		if (isHuman && submission.answer !== undefined)
			for (const [place, other] of submissions.entries()) if (!isPersons(other)) row[place] = 1;
		return row;
	});
}

function isPersons({ source, replaces }: Submission): boolean {
	return source === 'human' || replaces === true;
}

/** Warshall's closure, in place. */
function reachable(rows: Uint8Array[]): Uint8Array[] {
	for (const [through, further] of rows.entries())
		for (const row of rows) {
			if (row[through] !== 1 || row === further) continue;
			for (let place = 0; place < row.length; place += 1) row[place]! |= further[place]!;
		}
	return rows;
}
