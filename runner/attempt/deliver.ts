import { join } from 'node:path';
import { stat } from 'node:fs/promises';
import { predictionsPieceBytes, type Assignment } from '#shared/api/runner-protocol.ts';
import { findKeptFiles } from '../files/kept-files.ts';
import { linePieces } from '../files/line-pieces.ts';
import { LfsClient } from '../git/lfs.ts';
import type { AttemptCalls } from '../server/attempt-calls.ts';

/** What was not taken stands in the log, so many times at most. */
const shownProblems = 10;

export interface Delivery {
	readonly assignment: Assignment;
	readonly calls: AttemptCalls;
	readonly checkout: string;
	readonly repository: string;
	readonly signal: AbortSignal;
	readonly say: (line: string) => Promise<void>;
}

/** Brings in what a command that ended well has made: predictions first, they judge the model that follows. */
export async function deliver(delivery: Delivery): Promise<void> {
	const { assignment, calls, checkout, repository, signal, say } = delivery;
	const { spec, token } = assignment;
	if (spec.predictions !== undefined) await deliverPredictions(delivery, spec.predictions);
	const kept = await findKeptFiles(checkout, spec.keep);
	await new LfsClient(repository, token, signal).upload(
		kept.map(({ from, sha256, sizeBytes }) => ({ path: from, sha256, sizeBytes })),
	);
	const { branch, commit } = await calls.model(
		kept.map(({ path, sha256, sizeBytes, mode }) => ({ path, sha256, sizeBytes, mode })),
		signal,
	);
	await say(`${branch} is at ${commit.slice(0, 12)}, with ${kept.length} files`);
}

async function deliverPredictions({ calls, checkout, signal, say }: Delivery, name: string) {
	const path = join(checkout, name);
	const isThere = await stat(path).then(
		(stats) => stats.isFile(),
		() => false,
	);
	if (!isThere) throw new Error(`flywheel.yml names ${name}, but the command has not written it.`);
	let total = 0;
	const problems: string[] = [];
	const leftOut = (line: number, why: string): void => {
		if (problems.length < shownProblems) problems.push(`line ${line}: ${why}`);
	};
	for await (const piece of linePieces(path, predictionsPieceBytes, leftOut)) {
		const reply = await calls.predictions(piece, signal);
		total += reply.taken;
		problems.push(...reply.problems.slice(0, shownProblems - problems.length));
	}
	await say(`${total} predictions`);
	for (const problem of problems) await say(`not taken: ${problem}`);
}
