import type { Json } from '#shared/numbers/canonical-json.ts';
import { formatSpecProblem, parseRunSpec } from '#shared/run/spec.ts';
import { combinations } from './combinations.ts';
import type { TrainPush } from '../git/pushes.ts';
import type { RunDependencies } from './run-dependencies.ts';

/** Makes the runs of a push: one, or one per combination of a sweep. Harmless to do again. */
export async function onTrainPush(
	{ tables, repository, work, url, now }: RunDependencies,
	{ project, name, commit, by, origin, report }: TrainPush,
): Promise<void> {
	const file = await repository.readFile(project, commit, 'flywheel.yml');
	if (!file) return report('No run: the commit has no flywheel.yml at its root.');
	const parsed = parseRunSpec(new TextDecoder().decode(file));
	if (parsed.kind === 'refused') {
		for (const problem of parsed.problems) report(formatSpecProblem(problem));
		return report('No run: mend flywheel.yml and push again.');
	}
	const { spec } = parsed;
	const dataCommit = await repository.resolveData(project, spec.data);
	if (dataCommit === undefined) {
		report(`No run: there is no snapshot of ${spec.data} yet, so there is nothing to train on.`);
		report(`Take one at ${url}/projects/${project}/snapshots, then push again:`);
		return report(`  git commit --allow-empty -m "Try again" && git push origin train/${name}`);
	}
	const codeMessage = await repository.subjectOf(project, commit);
	const all = combinations(spec.params, spec.sweep);
	const runs = await tables.runs.create(
		all.map((params, index) => ({
			project,
			name: all.length === 1 ? name : `${name}-${index + 1}`,
			codeCommit: commit,
			codeMessage,
			dataName: spec.data,
			dataCommit,
			spec,
			params,
			by,
			at: now().toISOString(),
			origin: all.length === 1 ? origin : `${origin} #${index + 1}`,
		})),
	);
	work.raise();
	for (const [index, { id }] of runs.entries())
		report(
			`Run ${id} is queued${sweptWords(all[index]!, spec.sweep)}: ${url}/projects/${project}/runs/${id}`,
		);
}

/** Which combination of a sweep it is, for a person: ` (lr 0.1, size 8)`. */
function sweptWords(params: Readonly<Record<string, Json>>, sweep: object | undefined): string {
	const words = Object.keys(sweep ?? {}).map((name) => `${name} ${JSON.stringify(params[name])}`);
	return words.length === 0 ? '' : ` (${words.join(', ').slice(0, 200)})`;
}
