import { parseLfsPointer } from '#shared/snapshot/layout.ts';
import { formatSpecProblem, parseRunSpec } from '#shared/run/spec.ts';
import { noCommit } from './names.ts';
import { newBlobs } from './new-blobs.ts';
import { withObjects, type Quarantine } from './object-reader.ts';
import { refProblem, trainingOf, updateLimit, type RefUpdate } from './ref-policy.ts';

/** A file above this belongs in LFS: git would carry it whole through every clone for ever. */
const blobLimitBytes = 50 * 1024 * 1024;
/** A larger file is no LFS pointer. */
const pointerLimitBytes = 1024;
const listedProblems = 20;

export interface Inspection {
	readonly repository: string;
	readonly updates: readonly RefUpdate[];
	readonly quarantine: Quarantine;
	/** Of these hashes those whose bytes the project has. */
	readonly known: (hashes: readonly string[]) => Promise<ReadonlySet<string>>;
	/** Why a snapshot cannot be trained on, or undefined: `data` of flywheel.yml. */
	readonly dataProblem: (name: string) => Promise<string | undefined>;
}

/** Why a push may not be let in, in lines for the one who pushes; empty when it may. */
export async function inspectPush(inspection: Inspection): Promise<string[]> {
	const { updates } = inspection;
	if (updates.length > updateLimit)
		return [`This push moves ${updates.length} references; push ${updateLimit} at most at once.`];
	const refs = updates.flatMap((update) => refProblem(update) ?? []);
	if (refs.length > 0) return refs;
	const files = await fileProblems(inspection);
	if (files.length > 0) return shortened(files);
	const specs: string[] = [];
	for (const update of updates) {
		const training = trainingOf(update);
		if (training !== undefined)
			specs.push(...(await specProblems(inspection, update.to, training)));
	}
	return shortened(specs);
}

async function fileProblems({
	repository,
	updates,
	quarantine,
	known,
}: Inspection): Promise<string[]> {
	const commits = updates.filter(({ to }) => to !== noCommit).map(({ to }) => to);
	const blobs = await newBlobs(repository, commits, quarantine);
	const large = blobs.filter(({ sizeBytes }) => sizeBytes > blobLimitBytes);
	if (large.length > 0)
		return [
			...large.map(
				({ path, sizeBytes }) =>
					`${path} has ${Math.round(sizeBytes / 2 ** 20)} MB; 50 MB is the most git takes here`,
			),
			`Keep large files in LFS: git lfs track '${large[0]!.path}', commit .gitattributes, then git lfs migrate import --include='${large[0]!.path}'.`,
		];
	const small = blobs.filter(({ sizeBytes }) => sizeBytes <= pointerLimitBytes && sizeBytes > 0);
	const pointers: { path: string; sha256: string }[] = [];
	await withObjects(
		repository,
		async (objects) => {
			for (const { id, path } of small) {
				const pointer = parseLfsPointer((await objects.file(id))?.toString() ?? '');
				if (pointer) pointers.push({ path, sha256: pointer.sha256 });
			}
		},
		quarantine,
	);
	if (pointers.length === 0) return [];
	const here = await known(pointers.map(({ sha256 }) => sha256));
	const missing = pointers.filter(({ sha256 }) => !here.has(sha256));
	if (missing.length === 0) return [];
	return [
		'The bytes of these LFS files are not on the server: run git lfs push --all origin, then push again.',
		...missing.map(({ path, sha256 }) => `${path} (${sha256.slice(0, 12)}…)`),
	];
}

async function specProblems(
	{ repository, quarantine, dataProblem }: Inspection,
	commit: string,
	training: string,
): Promise<string[]> {
	const file = await withObjects(
		repository,
		(objects) => objects.file(`${commit}:flywheel.yml`),
		quarantine,
	);
	if (!file)
		return [
			`train/${training}: there is no flywheel.yml at the root of ${commit.slice(0, 10)}.`,
			'It says how to train; one line is enough: run: <command>',
		];
	const spec = parseRunSpec(file.toString());
	if (spec.kind === 'refused') return spec.problems.map(formatSpecProblem);
	const problem = await dataProblem(spec.spec.data);
	return problem === undefined ? [] : [problem];
}

function shortened(lines: readonly string[]): string[] {
	if (lines.length <= listedProblems) return [...lines];
	return [...lines.slice(0, listedProblems), `… and ${lines.length - listedProblems} more`];
}
