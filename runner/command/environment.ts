import { delimiter, dirname } from 'node:path';
import type { Assignment } from '#shared/api/runner-protocol.ts';
import type { AttemptFolder } from '../attempt/attempt-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Everything a command sees of its environment: built from nothing, nothing of the runner's own slips in. */
export function commandEnvironment(
	{ run, attempt, spec }: Assignment,
	folder: AttemptFolder,
	{ dataFolder, own, names }: { dataFolder: string; own: Environment; names: readonly string[] },
): Record<string, string> {
	const passed = Object.fromEntries(
		['CUDA_VISIBLE_DEVICES', ...names].flatMap((name) =>
			own[name] === undefined ? [] : [[name, own[name]]],
		),
	);
	return {
		...passed,
		// Scripts in JavaScript find a Node even where none is installed; an installed one comes first.
		PATH: [own['PATH'] ?? '', dirname(process.execPath)].filter(Boolean).join(delimiter),
		HOME: folder.home,
		TMPDIR: folder.temporary,
		LANG: 'C.UTF-8',
		FLYWHEEL_RUN: run,
		FLYWHEEL_ATTEMPT: String(attempt),
		FLYWHEEL_DATA_DIR: dataFolder,
		FLYWHEEL_CHECKPOINT_DIR: folder.checkpoints,
		FLYWHEEL_PARAMS: JSON.stringify(spec.params),
		FLYWHEEL_METRICS_FILE: folder.metricsFile,
	};
}

/** Values that must never stand in a log: what the runner passes on under a name that sounds secret. */
export function secretsOf(own: Environment, names: readonly string[]): string[] {
	return names
		.filter((name) => /token|secret|password|key|credential/i.test(name))
		.flatMap((name) => own[name] ?? []);
}
