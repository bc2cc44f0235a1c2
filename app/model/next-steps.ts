import type { Row } from '#shared/replica/rows.ts';

/** One useful thing to do now, with the number that makes it useful. */
export interface NextStep {
	readonly kind:
		| 'import'
		| 'label'
		| 'take'
		| 'review'
		| 'settle'
		| 'late'
		| 'correct'
		| 'snapshot'
		| 'push'
		| 'watch';
	readonly title: string;
	readonly text: string;
	readonly action: string;
	/** Path below the project. */
	readonly path: string;
}

export interface Situation {
	readonly me: string;
	readonly canReview: boolean;
	readonly canLead: boolean;
	readonly canCode: boolean;
	readonly canLabel: boolean;
	readonly summary: Row<'summaries'> | undefined;
	readonly batches: readonly Row<'batches'>[];
	readonly snapshots: readonly Row<'snapshots'>[];
	readonly runs: readonly Row<'runs'>[];
}

/** What moves the wheel most, first. Empty when everything waits for somebody else. */
export function nextSteps(now: Situation): NextStep[] {
	const steps: NextStep[] = [];
	const { summary } = now;
	const mine = now.batches.filter(
		(batch) => batch.state === 'open' && batch.members.includes(now.me),
	);
	const returned = mine.reduce((sum, batch) => sum + batch.returned, 0);
	const open = mine.find((batch) => batch.submitted < batch.size);
	const running = now.runs.find(
		(run) => run.state === 'running' || run.state === 'preparing' || run.state === 'queued',
	);

	if (now.canLead && summary && summary.items === 0)
		steps.push({
			kind: 'import',
			title: 'Bring in data',
			text: 'Items come as JSON lines, with their answers where they have one.',
			action: 'Import',
			path: '/data',
		});
	if (now.canLabel && returned > 0)
		steps.push({
			kind: 'correct',
			title: `Correct ${answers(returned)}`,
			text: 'A reviewer sent them back with a note.',
			action: 'Correct',
			path: `/label/${mine.find((batch) => batch.returned > 0)!.id}`,
		});
	if (now.canReview && summary && summary.toSettle > 0)
		steps.push({
			kind: 'settle',
			title: `Settle ${items(summary.toSettle)}`,
			text: 'People answered differently; the corpus keeps what it had until somebody decides.',
			action: 'Settle',
			path: '/review?state=settle',
		});
	const late = now.batches.filter((batch) => batch.late > 0);
	if (now.canLead && late.length > 0)
		steps.push({
			kind: 'late',
			title: `Decide on ${lateAnswers(late.reduce((sum, batch) => sum + batch.late, 0))}`,
			text: `${late.length === 1 ? late[0]!.name : `${late.length} batches`} had been closed before; they count once you take them in.`,
			action: 'Decide',
			path: late.length === 1 ? `/label/late?batch=${late[0]!.id}` : '/label/late',
		});
	if (now.canReview && summary && summary.waiting > 0)
		steps.push({
			kind: 'review',
			title: `Review ${answers(summary.waiting)}`,
			text: 'They count once they are accepted.',
			action: 'Review',
			path: '/review',
		});
	if (now.canLabel && open)
		steps.push({
			kind: 'label',
			title: `Go on with ${open.name}`,
			text: `${open.size - open.submitted} of ${open.size} items are left.`,
			action: 'Label',
			path: `/label/${open.id}`,
		});
	else if (now.canLabel && (!summary || summary.pool > 0))
		steps.push({
			kind: 'take',
			title: 'Label the next batch',
			text: summary
				? `${items(summary.pool)} in the pool have no answer yet.`
				: 'Take the next items that have no answer yet.',
			action: 'Take a batch',
			path: '/label?take',
		});
	if (running)
		steps.push({
			kind: 'watch',
			title: `Watch run #${running.id}`,
			text: `train/${running.name} is ${running.state}.`,
			action: 'Watch',
			path: `/runs/${running.id}`,
		});
	const newest = newestOf(now.snapshots);
	if (now.canLead && summary && summary.corpus > 0 && (summary.sinceSnapshot > 0 || !newest))
		steps.push({
			kind: 'snapshot',
			title: 'Freeze a snapshot',
			text: newest
				? `${answers(summary.sinceSnapshot)} changed since ${newest.name} · ${newest.number}.`
				: `${answers(summary.corpus)} become a commit that a run can be traced to.`,
			action: 'Snapshot',
			path: '/snapshots?new',
		});
	if (now.canCode && newest && !running && !now.runs.some((run) => run.dataCommit === newest.id))
		steps.push({
			kind: 'push',
			title: 'Train a model',
			text: `Nothing was trained on ${newest.name} · ${newest.number} yet: git push origin train/<name>.`,
			action: 'How',
			path: '/runs',
		});
	return steps;
}

function newestOf(snapshots: readonly Row<'snapshots'>[]): Row<'snapshots'> | undefined {
	return snapshots.reduce<Row<'snapshots'> | undefined>(
		(best, row) => (!best || row.at > best.at ? row : best),
		undefined,
	);
}

function answers(n: number): string {
	return n === 1 ? '1 answer' : `${n.toLocaleString('en')} answers`;
}

function lateAnswers(n: number): string {
	return n === 1 ? '1 late answer' : `${n.toLocaleString('en')} late answers`;
}

function items(n: number): string {
	return n === 1 ? '1 item' : `${n.toLocaleString('en')} items`;
}
