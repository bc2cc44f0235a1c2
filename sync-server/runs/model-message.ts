import type { Quality } from '#shared/replica/rows.ts';
import type { Run } from '../tables/runs.ts';

/** The message of a model commit: what a person wants to know, then what a program does. */
export function modelMessage(run: Run, attempt: number, quality: Quality | null): string {
	const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
	const judged = quality
		? `Accuracy ${percent(quality.value)} (${percent(quality.low)} to ${percent(quality.high)}) on ${quality.n} items of ${quality.on.join(' and ')}.`
		: 'Nothing to judge it by: no predictions of held-out items that have an answer.';
	return [
		`Model of run ${run.id}: ${run.name}`,
		'',
		judged,
		'',
		`Run: ${run.id}`,
		`Attempt: ${attempt}`,
		`Code: ${run.codeCommit}`,
		`Data: ${run.dataCommit} (datasets/${run.dataName})`,
		`Params: ${JSON.stringify(run.params)}`,
	].join('\n');
}
