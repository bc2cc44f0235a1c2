import type { Quality, Row } from '#shared/replica/rows.ts';
import { isEnded, type RunState } from '#shared/run/run-state.ts';

interface StateWords {
	readonly title: string;
	readonly tone: 'neutral' | 'accent' | 'good' | 'warn' | 'bad';
	readonly isLive: boolean;
	readonly text: string;
}

/** The life of a run, in the words of the screen. */
export const runStateWords: Readonly<Record<RunState, StateWords>> = {
	queued: { title: 'queued', tone: 'neutral', isLive: false, text: 'Waits for a runner.' },
	preparing: {
		title: 'preparing',
		tone: 'accent',
		isLive: true,
		text: 'The runner fetches code and data and sets up.',
	},
	running: { title: 'running', tone: 'accent', isLive: true, text: 'The command runs.' },
	finishing: {
		title: 'finishing',
		tone: 'accent',
		isLive: true,
		text: 'What it made is being brought in.',
	},
	succeeded: { title: 'succeeded', tone: 'good', isLive: false, text: 'It ended well.' },
	failed: { title: 'failed', tone: 'bad', isLive: false, text: 'It ended with an error.' },
	cancelled: { title: 'cancelled', tone: 'neutral', isLive: false, text: 'Somebody stopped it.' },
	timed_out: {
		title: 'timed out',
		tone: 'bad',
		isLive: false,
		text: 'It took longer than it was allowed to.',
	},
};

/** Why a run ended as it did, or why it does not go on: a sentence and what to do. Undefined where all is well. */
export function runTrouble(
	run: Row<'runs'>,
	runners: readonly Row<'runners'>[],
): { readonly tone: 'bad' | 'warn'; readonly text: string; readonly hint: string } | undefined {
	switch (run.state) {
		case 'failed':
			return {
				tone: 'bad',
				text: run.cause ?? 'The command ended with an error.',
				hint: 'The end of the log says more. Mend it, commit, and push again; or retry the same code.',
			};
		case 'timed_out':
			return {
				tone: 'bad',
				text: run.cause ?? 'It took longer than its timeout allows.',
				hint: 'Raise needs.timeout in flywheel.yml, or make it do less, and push again.',
			};
		case 'cancelled':
			return {
				tone: 'warn',
				text: run.cause ?? 'It was cancelled.',
				hint: 'Retry runs the same code on the same data.',
			};
		case 'queued':
			if (runners.some(({ state }) => state !== 'away')) return undefined;
			return {
				tone: 'warn',
				text: 'No runner is connected.',
				hint: 'Start one on the training machine: npm run runner -- --server URL --token TOKEN',
			};
		default:
			return undefined;
	}
}

/** How long a run has worked, in milliseconds; undefined before it has started. */
export function runDurationMs(run: Row<'runs'>, nowMs: number): number | undefined {
	if (run.startedAt === null) return undefined;
	return Math.max(
		0,
		(run.endedAt === null ? nowMs : Date.parse(run.endedAt)) - Date.parse(run.startedAt),
	);
}

/** `±2.6`: the wider side of the interval, in points. */
export function halfWidth({ value, low, high }: Quality): string {
	return `±${(Math.max(value - low, high - value) * 100).toFixed(1)}`;
}

/** How far a run is, where its metrics count towards an epoch or step that its parameters name. */
export function runProgress(
	run: Row<'runs'>,
): { readonly done: number; readonly of: number; readonly unit: string } | undefined {
	if (isEnded(run.state)) return undefined;
	for (const [unit, key] of [
		['epoch', 'epochs'],
		['step', 'steps'],
		['step', 'epochs'],
	] as const) {
		const of = run.params[key];
		const done = run.last[unit];
		if (typeof of === 'number' && done !== undefined && done <= of)
			return { done, of, unit: unit === 'step' && key === 'epochs' ? 'epoch' : unit };
	}
	return undefined;
}

/** A metric as it is read: whole numbers as they are, others with about four significant digits. */
export function metricText(value: number | null | undefined): string {
	if (value === null || value === undefined) return '';
	if (!Number.isFinite(value)) return String(value).replace('Infinity', '∞');
	if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
	const size = Math.abs(value);
	return size >= 1e6 || size < 1e-3
		? value.toExponential(2)
		: value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 4);
}

/** True for a run that has reported a metric: it has a curve. */
export function isMeasured({ last }: Row<'runs'>): boolean {
	return Object.keys(last).length > 0;
}
