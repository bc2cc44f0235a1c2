import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import { predictionShape, type Prediction } from '#shared/api/prediction.ts';
import {
	finishShape,
	modelShape,
	pieceBytes,
	predictionsPieceBytes,
} from '#shared/api/runner-protocol.ts';
import type { Caller } from '../accounts/caller.ts';
import { route, type Route } from './route.ts';
import type { AttemptKey } from '../tables/attempts.ts';
import { judgeRun } from '../runs/judge-run.ts';
import { modelMessage } from '../runs/model-message.ts';
import { requestBytes } from './request-bytes.ts';
import type { RunDoors } from './run-doors.ts';
import { wholeNumber } from './number-text.ts';

const path = '/api/runs/:run/attempts/:attempt';
const byteOffset = wholeNumber(0);

/** What a runner says about the attempt it works on. A stale attempt is told `superseded` by every one of these. */
export function attemptRoutes(deps: RunDoors): Route[] {
	const { tables, repository, announcer, work } = deps;
	const at = (): string => deps.now().toISOString();
	/** The attempt of the address, alive; each call is a sign of its life. */
	async function aliveOf(
		caller: Extract<Caller, { kind: 'attempt' }>,
		params: Readonly<Record<string, string>>,
	): Promise<AttemptKey> {
		const key = keyOf(caller, params);
		await tables.attempts.alive(key, at());
		return key;
	}

	return [
		route({
			method: 'post',
			path: `${path}/start`,
			audience: 'attempt',
			summary: 'The command is about to start',
			async handle({ caller, params }) {
				await tables.attempts.start(await aliveOf(caller, params), at());
			},
		}),
		route({
			method: 'post',
			path: `${path}/finishing`,
			audience: 'attempt',
			summary: 'The command has ended well; what it made follows',
			async handle({ caller, params }) {
				await tables.attempts.finishing(await aliveOf(caller, params), at());
			},
		}),
		route({
			method: 'post',
			path: `${path}/heartbeat`,
			audience: 'attempt',
			summary: 'Prolong the lease and hear what to do',
			async handle({ caller, params }) {
				return { action: await tables.attempts.heartbeat(keyOf(caller, params), at()) };
			},
		}),
		route({
			method: 'post',
			path: `${path}/log`,
			audience: 'attempt',
			summary: 'Add a piece of the log',
			query: z.strictObject({ sequence: wholeNumber(1), offset: byteOffset }),
			async handle({ caller, params, query, request }) {
				const data = await requestBytes(request, pieceBytes);
				const next = await tables.metrics.appendLog(await aliveOf(caller, params), {
					...query,
					data,
				});
				announcer.grew(caller.run);
				return next;
			},
		}),
		route({
			method: 'post',
			path: `${path}/metrics`,
			audience: 'attempt',
			summary: 'Add a piece of a metrics file',
			query: z.strictObject({ file: z.string().min(1).max(1024), offset: byteOffset }),
			async handle({ caller, params, query, request }) {
				const data = await requestBytes(request, pieceBytes);
				const { next, points } = await tables.metrics.append(await aliveOf(caller, params), {
					...query,
					data,
				});
				if (points > 0) announcer.grew(caller.run);
				return { next };
			},
		}),
		route({
			method: 'post',
			path: `${path}/predictions`,
			audience: 'attempt',
			summary: 'Add lines of the predictions file',
			async handle({ caller, params, request }) {
				const data = await requestBytes(request, predictionsPieceBytes);
				const key = await aliveOf(caller, params);
				const { predictions, problems } = readPredictions(data);
				const { taken, unknown } = await tables.predictions.put(
					caller.project,
					`run:${key.run}`,
					predictions,
				);
				const strangers = unknown.map((item) => `${item}: the project has no such item`);
				announcer.grew(key.run);
				return { taken, problems: [...problems, ...strangers].slice(0, 10) };
			},
		}),
		route({
			method: 'post',
			path: `${path}/model`,
			audience: 'attempt',
			summary: 'Commit the kept files, already uploaded through LFS, to model/<name>',
			body: modelShape,
			async handle({ caller, params, body }) {
				const key = await aliveOf(caller, params);
				const run = await tables.runs.find(key.run);
				if (!run) throw new CommandError('not_found', `There is no run ${key.run}.`);
				const quality = await judgeRun(tables, repository, run);
				await tables.runs.setQuality(run.id, quality);
				const model = await repository.commitModel({
					project: run.project,
					name: run.name,
					codeCommit: run.codeCommit,
					files: body.files,
					message: modelMessage(run, key.attempt, quality),
				});
				const artifacts = body.files.map(({ path, sha256, sizeBytes }) => ({
					path,
					sha256,
					sizeBytes,
				}));
				await tables.attempts.setModel(key, { ...model, artifacts });
				return model;
			},
		}),
		route({
			method: 'post',
			path: `${path}/finish`,
			audience: 'attempt',
			summary: 'How the attempt ended',
			body: finishShape,
			async handle({ caller, params, body }) {
				const key = await aliveOf(caller, params);
				if (body.outcome === 'succeeded') {
					const run = await tables.runs.find(key.run);
					if (run?.state !== 'finishing' || run.modelCommit === null)
						throw new CommandError('conflict', 'A run succeeds once its model is committed.');
				}
				await tables.metrics.close(key);
				const state = await tables.attempts.finish(key, body, at());
				announcer.grew(key.run);
				if (state === 'queued') work.raise();
				return { state };
			},
		}),
	];
}

/** The attempt that the address names; it has to be the token's own. */
function keyOf(
	caller: Extract<Caller, { kind: 'attempt' }>,
	params: Readonly<Record<string, string>>,
): AttemptKey {
	if (params['run'] !== caller.run || params['attempt'] !== String(caller.attempt))
		throw new CommandError('not_found', 'This token belongs to another attempt.');
	return { run: caller.run, attempt: caller.attempt };
}

/** Lines of a predictions file: what can be read of them, and what is wrong with the others. */
function readPredictions(data: Uint8Array): { predictions: Prediction[]; problems: string[] } {
	const predictions: Prediction[] = [];
	const problems: string[] = [];
	for (const line of new TextDecoder().decode(data).split('\n')) {
		if (line.trim() === '') continue;
		let value: unknown;
		try {
			value = JSON.parse(line);
		} catch {
			problems.push(`not JSON: ${line.slice(0, 80)}`);
			continue;
		}
		const parsed = predictionShape.safeParse(value);
		if (parsed.success) predictions.push(parsed.data);
		else {
			const [issue] = parsed.error.issues;
			const where = issue?.path.length ? `${issue.path.join('.')}: ` : '';
			problems.push(`${where}${issue?.message}: ${line.slice(0, 80)}`);
		}
	}
	return { predictions, problems };
}
