import { isRefName, noCommit } from './names.ts';

/** What a push wants to do to one reference. */
export interface RefUpdate {
	readonly ref: string;
	/** `noCommit` when it is new. */
	readonly from: string;
	/** `noCommit` when it is to go. */
	readonly to: string;
}

/** One push moves that many references at most. */
export const updateLimit = 1000;

/**
 * Why people may not do this to a reference, or undefined when they may (design §5): `main`, `train/*` and
 * other branches are theirs; `datasets/*`, `model/*`, `release/*` and the tags `snapshots/*` are the program's.
 */
export function refProblem({ ref, to }: RefUpdate): string | undefined {
	const isDeletion = to === noCommit;
	const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
	if (name === undefined)
		return `${ref} is neither a branch nor a tag; push refs/heads/… or refs/tags/…`;
	if (kind === 'tags')
		return name.startsWith('snapshots/')
			? `${name}: tags below snapshots/ are made with a snapshot and never move`
			: undefined;
	const [folder, ...rest] = name.split('/');
	switch (folder) {
		case 'datasets':
			return `${name}: data sets are written by taking a snapshot in the app, not by a push`;
		case 'model':
			return `${name}: model branches are written by runs; push train/<name> to make one`;
		case 'release':
			return `${name}: releases are moved by the program when a model has passed its gate`;
		case 'main':
			if (rest.length > 0) return `${name}: main is a branch, nothing lies below it`;
			return isDeletion ? 'main: every project keeps its main branch' : undefined;
		case 'train':
			if (isDeletion || isTrainingName(rest.join('/'))) return undefined;
			return `${name}: name a training train/<name> with letters, digits, dots, dashes and underscores, 64 at most`;
		default:
			return undefined;
	}
}

/** Shorter than other names: the runs of a sweep append their number to it. */
function isTrainingName(name: string): boolean {
	return name.length <= 64 && isRefName(name);
}

/** The training's name when a push asks for a run: `first` of `refs/heads/train/first`. */
export function trainingOf({ ref, to }: RefUpdate): string | undefined {
	return to === noCommit ? undefined : /^refs\/heads\/train\/([^/]+)$/.exec(ref)?.[1];
}

/** Reads what git gives a receive hook on stdin: `<from> <to> <ref>` a line. */
export function readUpdates(lines: string): RefUpdate[] {
	return lines
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => {
			const [from = '', to = '', ref = ''] = line.split(' ');
			return { from, to, ref };
		});
}
