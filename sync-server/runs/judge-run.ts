import { wilsonInterval } from '#shared/numbers/interval.ts';
import type { Quality } from '#shared/replica/rows.ts';
import type { Tables } from '../tables/tables.ts';

/**
 * How good a run's model is: the share of right predictions on the held-out items that have an answer in the
 * corpus at this moment, with a 95 % interval. Null where there is nothing to judge by.
 */
export async function judgeRun(
	tables: Tables,
	run: { readonly id: string; readonly project: string },
): Promise<Quality | null> {
	const { right, n, splits } = await tables.predictions.judge(run.project, `run:${run.id}`);
	if (n === 0) return null;
	const { low, high } = wilsonInterval(right, n);
	return { metric: 'accuracy', value: right / n, low, high, n, on: splits };
}
