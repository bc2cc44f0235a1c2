import type { PlannedWork } from '#app/documents/unsent/take-in-file.ts';
import type { UnsentEntry } from '#app/documents/unsent/rewrite.ts';

/** How much of what kind: `12 answers, 1 skip, 2 notes`. */
export function entryWords(entries: readonly UnsentEntry[]): string {
	const counts = new Map<string, number>();
	for (const entry of entries) {
		const word = wordFor(entry);
		counts.set(word, (counts.get(word) ?? 0) + 1);
	}
	return [...counts]
		.map(([word, n]) => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`)
		.join(', ');
}

function wordFor({ map, value }: UnsentEntry): string {
	if (map === 'submitted') return (value as { skipped?: true }).skipped ? 'skip' : 'answer';
	return map === 'draft' ? 'draft value' : map;
}

/** What a file holds, over all its documents. */
export interface TakeInTotals {
	readonly own: readonly UnsentEntry[];
	/** Other people's, by author. */
	readonly adopted: ReadonlyMap<string, readonly UnsentEntry[]>;
	readonly known: number;
	readonly foreign: number;
	readonly unreadable: number;
	/** Documents that this person may not write, or that need the server first. */
	readonly notYours: readonly PlannedWork[];
	readonly needServer: readonly PlannedWork[];
}

export function takeInTotals(planned: readonly PlannedWork[]): TakeInTotals {
	const adopted = new Map<string, UnsentEntry[]>();
	const ready = planned.flatMap((work) => (work.kind === 'ready' ? [work.plan] : []));
	for (const plan of ready)
		for (const [by, entries] of plan.adopted)
			adopted.set(by, [...(adopted.get(by) ?? []), ...entries]);
	const sum = (key: 'known' | 'foreign' | 'unreadable') =>
		ready.reduce((total, plan) => total + plan[key], 0);
	return {
		own: ready.flatMap(({ own }) => own),
		adopted,
		known: sum('known'),
		foreign: sum('foreign'),
		unreadable: sum('unreadable'),
		notYours: planned.filter(({ kind }) => kind === 'not-yours'),
		needServer: planned.filter(({ kind }) => kind === 'needs-server'),
	};
}
