import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { valueKey } from '#shared/wire/document-shape.ts';
import { WireClient } from '../integration/sync/wire-client.ts';
import { gitEnvironment } from './git-environment.ts';
import type { Flywheel } from './flywheel.ts';

const run = promisify(execFile);

/** Where the first turn of the wheel left its marks. */
export interface TurnedWheel {
	readonly project: string;
	readonly batch: string;
	readonly item: string;
	/** An item of the batch whose draft was changed. */
	readonly drafted: string;
	readonly snapshot: string;
	readonly run: string;
}

/** Git as a person with the token types it: no prompts, no credentials on disk, no settings of this machine. */
export async function git(
	flywheel: Flywheel,
	folder: string,
	...args: readonly string[]
): Promise<string> {
	const { stdout, stderr } = await run('git', [...args], {
		cwd: folder,
		env: {
			...gitEnvironment(folder),
			GIT_CONFIG_COUNT: '1',
			GIT_CONFIG_KEY_0: 'http.extraHeader',
			GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`owner:${flywheel.token}`).toString('base64')}`,
		},
		maxBuffer: 64 * 1024 * 1024,
	});
	return stdout + stderr;
}

/** Waits until a question has an answer, asking again; throws after the limit with what was asked. */
export async function until<T>(
	what: string,
	ask: () => Promise<T | undefined>,
	limitMs = 90_000,
): Promise<T> {
	const deadline = Date.now() + limitMs;
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		if (Date.now() > deadline) throw new Error(`gave up waiting for ${what}`);
		await new Promise((done) => setTimeout(done, 100));
	}
}

/** Waits until the sample projects of a first start are complete. */
export async function samplesReady(flywheel: Flywheel): Promise<void> {
	for (const [project, items] of [
		['reviews', 2972],
		['fashion', 1000],
	] as const)
		await until(`the sample ${project}`, async () => {
			const page = await flywheel
				.call<{ total: number }>('GET', `/api/projects/${project}/items?limit=1`)
				.catch(() => undefined);
			return page?.total === items ? page : undefined;
		});
}

/** A batch, a snapshot and a run on the sample Reviews, through the API and git alone. */
export async function turnTheWheel(flywheel: Flywheel): Promise<TurnedWheel> {
	const project = 'reviews';
	await samplesReady(flywheel);
	const { batch } = await flywheel.call<{ batch: string }>(
		'POST',
		`/api/projects/${project}/batches/take`,
		{},
	);
	const drafted = await changeDraft(flywheel, project, batch);
	const { items } = await flywheel.call<{ items: { id: string }[] }>(
		'GET',
		`/api/projects/${project}/items?state=labeled&limit=1`,
	);
	const { commit } = await flywheel.call<{ commit: string }>(
		'POST',
		`/api/projects/${project}/snapshots`,
		{ name: 'main', message: 'First answers' },
	);
	const folder = await mkdtemp(join(tmpdir(), 'flywheel-clone-'));
	try {
		await git(flywheel, folder, 'clone', '-q', `${flywheel.direct}/git/${project}.git`, 'clone');
		const clone = join(folder, 'clone');
		await git(flywheel, clone, 'checkout', '-q', '-b', 'train/first');
		await git(flywheel, clone, 'push', 'origin', 'train/first');
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
	const done = await until('the run', async () => {
		const { runs } = await flywheel.call<{
			runs: { id: string; state: string; cause: string | null }[];
		}>('GET', `/api/projects/${project}/runs`);
		const [newest] = runs;
		if (newest && ['failed', 'cancelled', 'timed_out'].includes(newest.state))
			throw new Error(`run ${newest.state}: ${newest.cause}`);
		return newest?.state === 'succeeded' ? newest : undefined;
	});
	return { project, batch, item: items[0]!.id, drafted, snapshot: commit, run: done.id };
}

/** Chooses one answer and then another for the last item of a batch, which nobody submits. */
async function changeDraft(flywheel: Flywheel, project: string, batch: string): Promise<string> {
	const { items } = await flywheel.call<{ items: { id: string }[] }>(
		'GET',
		`/api/batches/${batch}/items`,
	);
	const { id } = items.at(-1)!;
	const address = flywheel.direct.replace('http', 'ws');
	const client = await WireClient.join(
		`${address}/sync/${project}/${batch}/answers?token=${flywheel.token}`,
	);
	for (const value of ['positive', 'negative'])
		client.edit((document) => document.getMap('draft').set(valueKey(id, 'sentiment'), value));
	const saved = await client.barrier('changed');
	if (saved !== 'saved') throw new Error(`the draft was not saved: ${JSON.stringify(saved)}`);
	await client.close();
	return id;
}
