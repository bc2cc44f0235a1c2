import { Flywheel } from '../support/flywheel.ts';
import type { Benchmark } from './benchmark.ts';
import { lines, makeProject } from './project.ts';

/** 100,000 text items until every one is on the disk. */
export const importing: Benchmark = {
	name: 'import',
	method:
		'100,000 JSON lines of about 120 characters POSTed to the real server; time until its report, which is after the last fsync.',
	async run() {
		const flywheel = await Flywheel.startEmpty();
		try {
			const project = await makeProject(flywheel, 'Import');
			const body = lines(100_000);
			const importAll = async () => {
				const began = performance.now();
				const { items } = await flywheel.importLines(project, body);
				return { items, seconds: (performance.now() - began) / 1000 };
			};
			const first = await importAll();
			if (first.items !== 100_000) throw new Error(`${first.items} items were imported`);
			const again = await importAll();
			return [
				{
					what: '100,000 new items durable',
					value: first.seconds,
					unit: 's',
					bar: { at: 'most', value: 15 },
				},
				{ what: 'the same again (all known)', value: again.seconds, unit: 's' },
			];
		} finally {
			await flywheel.remove();
		}
	},
};
