import { wilsonInterval } from '#shared/numbers/interval.ts';
import { splits, type Split } from '#shared/numbers/split.ts';
import type { Quality } from '#shared/replica/rows.ts';
import { answerShape } from '#shared/schema/answer.ts';
import type { HeldOutAnswer } from '../tables/predictions.ts';
import type { Tables } from '../tables/tables.ts';
import type { RunRepository } from './run-repository.ts';

/**
 * How good a run's model is: the share of right predictions on the held-out items (valid and gate) that have an
 * answer in the snapshot it was trained on, with a 95 % interval. Answers that came later change nothing: the
 * number belongs to this commit of code and this commit of data. Null where there is nothing to judge by.
 */
export async function judgeRun(
	tables: Pick<Tables, 'predictions'>,
	repository: Pick<RunRepository, 'listFiles' | 'objects'>,
	run: { readonly id: string; readonly project: string; readonly dataCommit: string },
): Promise<Quality | null> {
	const found = new Set<Split>();
	let [right, n] = [0, 0];
	for await (const answers of heldOutAnswers(repository, run)) {
		const judged = await tables.predictions.judge(run.project, `run:${run.id}`, answers);
		right += judged.right;
		n += judged.n;
		for (const split of judged.splits) found.add(split);
	}
	if (n === 0) return null;
	const { low, high } = wilsonInterval(right, n);
	const on = splits.filter((split) => found.has(split));
	return { metric: 'accuracy', value: right / n, low, high, n, on };
}

/** The answers of a snapshot by which models are judged, a file at a time. */
async function* heldOutAnswers(
	repository: Pick<RunRepository, 'listFiles' | 'objects'>,
	{ project, dataCommit }: { readonly project: string; readonly dataCommit: string },
): AsyncGenerator<readonly HeldOutAnswer[]> {
	const objects = repository.objects(project);
	try {
		for (const part of ['items/', 'gate/'])
			for (const path of await repository.listFiles(project, dataCommit, part)) {
				const bytes = await objects.file(`${dataCommit}:${path}`);
				if (bytes) yield answersOf(Buffer.from(bytes).toString());
			}
	} finally {
		await objects.close();
	}
}

function answersOf(text: string): HeldOutAnswer[] {
	return text
		.split('\n')
		.filter((line) => line !== '')
		.flatMap((line) => {
			// Our own file: the program wrote it and nobody else can.
			const { id, split, answer } = JSON.parse(line) as {
				id: string;
				split: Split;
				answer: unknown;
			};
			return split === 'train' ? [] : [{ item: id, split, answer: answerShape.parse(answer) }];
		});
}
