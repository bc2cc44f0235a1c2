import { fanOut, type FanOut } from './fan-out.ts';
import { waves, type Waves } from './waves.ts';

/** The load's own process: takes one job, answers its result, and ends. */
process.once('message', (job: FanOut | Waves) => {
	(job.kind === 'fan-out' ? fanOut(job) : waves(job)).then(
		(result) => process.send?.({ result }, () => process.exit(0)),
		(error: unknown) => process.send?.({ failure: String(error) }, () => process.exit(1)),
	);
});
