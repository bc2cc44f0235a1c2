import { Flywheel } from '../support/flywheel.ts';
import type { Benchmark } from './benchmark.ts';
import { lines, makeProject } from './project.ts';

/** Freezing a corpus of 100,000 items, then freezing it again after 100 answers changed. */
export const snapshot: Benchmark = {
	name: 'snapshot',
	method:
		'100,000 items, a quarter of them labeled, frozen through the API; then 100 answers change by an import that may replace, and it is frozen again.',
	async run() {
		const flywheel = await Flywheel.startEmpty();
		try {
			const project = await makeProject(flywheel, 'Snapshot');
			await flywheel.importLines(project, lines(100_000, 4));
			const first = await freeze(flywheel, project);
			const changed = lines(400, 4)
				.trim()
				.split('\n')
				.filter((_, index) => index % 4 === 0)
				.map((line) => line.replace(/"(warm|cold)"/, '"neither"'));
			const { answers } = await flywheel.importLines(project, changed.join('\n'), 'replace');
			if (answers !== 100) throw new Error(`${answers} answers changed, not 100`);
			const second = await freeze(flywheel, project);
			const third = await freeze(flywheel, project);
			if (second.commit === first.commit || third.commit !== second.commit)
				throw new Error('the commits are not as promised');
			return [
				{ what: 'first snapshot', value: first.seconds, unit: 's', bar: { at: 'most', value: 10 } },
				{
					what: 'after 100 changed answers',
					value: second.seconds,
					unit: 's',
					bar: { at: 'most', value: 1 },
				},
				{ what: 'without a change', value: third.seconds, unit: 's' },
			];
		} finally {
			await flywheel.remove();
		}
	},
};

async function freeze(
	flywheel: Flywheel,
	project: string,
): Promise<{ commit: string; seconds: number }> {
	const began = performance.now();
	const { commit } = await flywheel.call<{ commit: string }>(
		'POST',
		`/api/projects/${project}/snapshots`,
		{ name: 'main', message: 'Bench' },
	);
	return { commit, seconds: (performance.now() - began) / 1000 };
}
