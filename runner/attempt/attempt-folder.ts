import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { assignmentShape } from '#shared/api/runner-protocol.ts';
import { removeFolder } from '../files/remove-folder.ts';

/** What lies in the folder of an attempt, so that a runner started later can clear up after this one. */
const recordShape = z.object({
	server: z.string(),
	assignment: assignmentShape,
	/** Process group of the command, once there was one, and the start time of its leader. */
	group: z.number().optional(),
	startTime: z.string().optional(),
});
export type AttemptRecord = z.infer<typeof recordShape>;

const recordFile = 'attempt.json';

/** The places of one attempt below the work folder. */
export class AttemptFolder {
	readonly root: string;
	readonly checkpoints: string;

	constructor(root: string, checkpoints: string) {
		this.root = root;
		this.checkpoints = checkpoints;
	}

	/** Makes the folder of an attempt and says in it whose it is, before anything else happens. */
	static async create(work: string, record: AttemptRecord): Promise<AttemptFolder> {
		const attempts = join(work, 'attempts');
		await mkdir(attempts, { recursive: true });
		const { run, attempt } = record.assignment;
		const root = await mkdtemp(join(attempts, `${run}-${attempt}-`));
		const folder = new AttemptFolder(root, checkpointsOf(work, record));
		await folder.write(record);
		for (const path of [folder.home, folder.temporary, folder.checkpoints])
			await mkdir(path, { recursive: true });
		return folder;
	}

	get checkout(): string {
		return join(this.root, 'checkout');
	}
	get home(): string {
		return join(this.root, 'home');
	}
	get temporary(): string {
		return join(this.root, 'tmp');
	}
	get log(): string {
		return join(this.root, 'log');
	}
	/** Metrics that the command printed. */
	get printedMetrics(): string {
		return join(this.root, 'printed.jsonl');
	}
	/** Metrics that the command wrote to FLYWHEEL_METRICS_FILE. */
	get metricsFile(): string {
		return join(this.root, 'metrics.jsonl');
	}
	/** An entry of the environment that only this attempt's processes have. */
	get mark(): string {
		return `HOME=${this.home}`;
	}

	/** Writes the record; it holds the attempt's token, so nobody else may read it. */
	async write(record: AttemptRecord): Promise<void> {
		const path = join(this.root, recordFile);
		await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
		await rename(`${path}.new`, path);
	}

	async remove(): Promise<void> {
		await removeFolder(this.root);
	}
}

/** An attempt's folder as an earlier runner left it; the record is undefined where there is none to read. */
export async function openAttemptFolder(
	work: string,
	name: string,
): Promise<{ folder: AttemptFolder; record: AttemptRecord | undefined }> {
	const root = join(work, 'attempts', name);
	const record = await readRecord(root);
	const checkpoints = record ? checkpointsOf(work, record) : join(root, 'checkpoints');
	return { folder: new AttemptFolder(root, checkpoints), record };
}

async function readRecord(root: string): Promise<AttemptRecord | undefined> {
	try {
		return recordShape.parse(JSON.parse(await readFile(join(root, recordFile), 'utf8')));
	} catch (error) {
		const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
		// What another version wrote, or half of it before the power went, names nobody's attempt.
		if (isMissing || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
		throw error;
	}
}

/** Checkpoints belong to the run of a server, whichever attempt works on it. */
function checkpointsOf(work: string, { server, assignment }: AttemptRecord): string {
	const origin = createHash('sha256').update(server).digest('hex').slice(0, 8);
	return join(work, 'checkpoints', `${origin}-${assignment.run}`);
}
