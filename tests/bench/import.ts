import { Flywheel } from '../support/flywheel.ts';
import type { Benchmark } from './benchmark.ts';
import { importLines, lines, makeProject } from './project.ts';

/** 100,000 text items until every one is on the disk. */
export const importing: Benchmark = {
	name: 'import',
	method:
		'100,000 JSON lines of about 120 characters POSTed to the real server; time until its report, which is after the last fsync.',
	async run() {
		const flywheel = await Flywheel.start({
			environment: { FLYWHEEL_SAMPLES: '0', FLYWHEEL_RUNNER: '0' },
		});
		try {
			const project = await makeProject(flywheel, 'Import');
			const body = lines(100_000);
			const { items, seconds } = await importLines(flywheel, project, body);
			if (items !== 100_000) throw new Error(`${items} items were imported`);
			const again = await importLines(flywheel, project, body);
			return [
				{
					what: '100,000 new items durable',
					value: seconds,
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
