import { Flywheel } from '../support/flywheel.ts';
import { samplesReady } from '../support/turn-the-wheel.ts';
import type { Benchmark } from './benchmark.ts';
import { lines, makeProject } from './project.ts';
import { residentMb, watchMemory } from './resident-memory.ts';

/** What the server's process needs, at rest and at work. */
export const memory: Benchmark = {
	name: 'memory',
	method:
		'Resident memory of the server process by the kernel: 10 s after the samples were ready, and the peak (every 50 ms) through an import and a first snapshot of 100,000 items.',
	async run() {
		const flywheel = await Flywheel.start({ environment: { FLYWHEEL_RUNNER: '0' } });
		try {
			await samplesReady(flywheel);
			await new Promise((done) => setTimeout(done, 10_000));
			const idle = residentMb(flywheel.pid);
			const peak = watchMemory(flywheel.pid);
			const project = await makeProject(flywheel, 'Memory');
			await flywheel.importLines(project, lines(100_000, 4));
			await flywheel.call('POST', `/api/projects/${project}/snapshots`, {
				name: 'main',
				message: 'Bench',
			});
			return [
				{ what: 'idle with the samples', value: idle, unit: 'MB', bar: { at: 'most', value: 200 } },
				{
					what: 'peak through import and snapshot',
					value: peak(),
					unit: 'MB',
					bar: { at: 'most', value: 500 },
				},
			];
		} finally {
			await flywheel.remove();
		}
	},
};
