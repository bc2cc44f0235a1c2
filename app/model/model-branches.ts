import type { Row } from '#shared/replica/rows.ts';

/** One branch `model/<name>`: its newest commit and the runs that moved it. */
export interface ModelBranch {
	readonly branch: string;
	readonly newest: Row<'runs'>;
	/** Newest first. */
	readonly runs: readonly Row<'runs'>[];
}

/** The branches that runs made, the one that moved last first. */
export function modelBranches(runs: readonly Row<'runs'>[]): ModelBranch[] {
	const byBranch = new Map<string, Row<'runs'>[]>();
	for (const run of runs) {
		if (run.modelBranch === null) continue;
		byBranch.set(run.modelBranch, [...(byBranch.get(run.modelBranch) ?? []), run]);
	}
	return [...byBranch]
		.map(([branch, made]) => {
			const sorted = made.sort((a, b) => Number(b.id) - Number(a.id));
			return { branch, newest: sorted[0]!, runs: sorted };
		})
		.sort((a, b) => Number(b.newest.id) - Number(a.newest.id));
}
