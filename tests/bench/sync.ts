import { Flywheel } from '../support/flywheel.ts';
import { quantile, type Benchmark } from './benchmark.ts';
import { importLines, lines, makeProject } from './project.ts';
import { SyncClient } from './sync-client.ts';

const clients = 50;
const seconds = 10;
const updatesPerSecond = 500;

/** Fifty people in one batch. */
export const sync: Benchmark = {
	name: 'sync',
	method: `${clients} raw clients on one document of the real server write ${updatesPerSecond} values/s in all for ${seconds} s, each with a barrier (acknowledged after fsync); latency is from the write to another client that applied it.`,
	async run() {
		const flywheel = await Flywheel.start({
			environment: { FLYWHEEL_SAMPLES: '0', FLYWHEEL_RUNNER: '0' },
		});
		try {
			const project = await makeProject(flywheel, 'Sync');
			await importLines(flywheel, project, lines(500));
			const { batch } = await flywheel.call<{ batch: string }>(
				'POST',
				`/api/projects/${project}/batches/take`,
				{ count: 200 },
			);
			const url = `${flywheel.direct.replace('http', 'ws')}/sync/${project}/${batch}/answers?token=${flywheel.token}`;
			const load = await loadOf(url);
			return [
				{ what: 'acknowledged updates', value: load.acknowledgedPerSecond, unit: '/s' },
				{ what: 'to another client, p50', value: quantile(load.latencies, 0.5), unit: 'ms' },
				{ what: 'to another client, p99', value: quantile(load.latencies, 0.99), unit: 'ms' },
			];
		} finally {
			await flywheel.remove();
		}
	},
};

async function loadOf(
	url: string,
): Promise<{ acknowledgedPerSecond: number; latencies: number[] }> {
	const latencies: number[] = [];
	const observer = await SyncClient.connect(url, (value) =>
		latencies.push(performance.now() - Number(value)),
	);
	const writers = await Promise.all(
		Array.from({ length: clients - 1 }, () => SyncClient.connect(url)),
	);
	const began = performance.now();
	await paced(seconds * updatesPerSecond, updatesPerSecond, (n) => {
		const writer = n % writers.length;
		writers[writer]!.write(`t${writer}/v/tone`, String(performance.now()));
	});
	while (writers.some((writer) => writer.acknowledged < writer.written.length))
		await new Promise((done) => setTimeout(done, 5));
	const took = (performance.now() - began) / 1000;
	const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
	for (const client of [observer, ...writers]) client.close();
	return { acknowledgedPerSecond: acknowledged / took, latencies };
}

/** Calls `work` `count` times at an even rate, catching up after a stall. */
async function paced(count: number, perSecond: number, work: (n: number) => void): Promise<void> {
	const began = performance.now();
	for (let n = 0; n < count;) {
		const due = Math.min(count, Math.ceil(((performance.now() - began) / 1000) * perSecond));
		while (n < due) work(n++);
		await new Promise((done) => setTimeout(done, 2));
	}
}
