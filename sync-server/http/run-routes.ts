import { z } from 'zod';
import type { Right } from '#shared/access/access.ts';
import { CommandError } from '#shared/api/errors.ts';
import type { MetricsReply } from '#shared/api/replies.ts';
import type { Caller } from '../accounts/caller.ts';
import { route, type Route } from './route.ts';
import type { Run } from '../tables/runs.ts';
import { logPageBytes, logReply } from '../runs/log-reply.ts';
import { curve, takeovers } from '../runs/metrics-reply.ts';
import type { RunDoors } from './run-doors.ts';
import { anyNumber, wholeNumber } from './number-text.ts';

const listQuery = z.strictObject({
	before: z
		.string()
		.regex(/^\d{1,15}$/)
		.optional(),
	limit: wholeNumber(1, 200).default(50),
});

const metricsQuery = z.strictObject({
	/** Comma-separated; all keys (the first 100) without it. */
	keys: z.string().max(10_000).optional(),
	from: anyNumber.default(-Infinity),
	to: anyNumber.default(Infinity),
	points: wholeNumber(10, 10_000).default(1000),
});

/** What people ask about runs. */
export function runRoutes(deps: RunDoors): Route[] {
	const { tables, guard, announcer, work } = deps;

	/** The run, once it is certain that the caller may do this in its project. */
	async function runOf(caller: Caller, id: string, right: Right): Promise<Run> {
		const run = /^\d{1,15}$/.test(id) ? await tables.runs.find(id) : undefined;
		const missing = new CommandError('not_found', `There is no run ${id} here.`);
		if (!run) throw missing;
		await guard.project(caller, run.project, right).catch((error: unknown) => {
			// In the same words as for a run that is none: the guard's would name the project.
			throw error instanceof CommandError && error.code === 'not_found' ? missing : error;
		});
		return run;
	}

	return [
		route({
			method: 'get',
			path: '/api/projects/:project/runs',
			audience: 'person',
			summary: 'Runs of a project, newest first',
			query: listQuery,
			async handle({ caller, params, query: { before, limit } }) {
				const project = params['project']!;
				await guard.project(caller, project, 'read-corpus');
				const found = await tables.runs.list({
					project,
					limit: limit + 1,
					...(before === undefined ? {} : { before }),
				});
				const runs = found.slice(0, limit);
				return { runs, ...(found.length > limit ? { next: runs.at(-1)!.id } : {}) };
			},
		}),
		route({
			method: 'get',
			path: '/api/runs/:run',
			audience: 'person',
			summary: 'One run with its specification and attempts',
			async handle({ caller, params }) {
				const run = await runOf(caller, params['run']!, 'read-corpus');
				return { ...run, attempts: await tables.attempts.list(run.id) };
			},
		}),
		route({
			method: 'get',
			path: '/api/runs/:run/metrics',
			audience: 'person',
			summary: 'Curves, reduced to about as many points as are drawn',
			query: metricsQuery,
			async handle({ caller, params, query }): Promise<MetricsReply> {
				const { id } = await runOf(caller, params['run']!, 'read-corpus');
				const known = await tables.metrics.keys(id);
				const wanted = query.keys?.split(',');
				const keys = wanted ? known.filter((key) => wanted.includes(key)) : known.slice(0, 100);
				const attempts = await tables.attempts.list(id);
				const series = [];
				for (const key of keys)
					series.push(curve(await tables.metrics.points(id, key), attempts, key, query));
				return { series, attempts: takeovers(attempts) };
			},
		}),
		route({
			method: 'get',
			path: '/api/runs/:run/log',
			audience: 'person',
			summary: 'The log from a byte on',
			query: z.strictObject({ from: wholeNumber(0).default(0) }),
			async handle({ caller, params, query: { from } }) {
				const run = await runOf(caller, params['run']!, 'read-corpus');
				const bytes = await tables.metrics.readLog(run.id, from, logPageBytes);
				return logReply(bytes, from, run.endedAt !== null);
			},
		}),
		route({
			method: 'get',
			path: '/api/runs/:run/artifacts',
			audience: 'person',
			summary: 'Files that the model commit keeps; their bytes are blobs of the project',
			async handle({ caller, params }) {
				const run = await runOf(caller, params['run']!, 'read-corpus');
				return { artifacts: await tables.runs.artifacts(run.id) };
			},
		}),
		route({
			method: 'post',
			path: '/api/runs/:run/cancel',
			audience: 'person',
			summary: 'Stop a run',
			async handle({ caller, params }) {
				const run = await runOf(caller, params['run']!, 'code');
				await tables.runs.cancel(run.id, deps.now().toISOString());
				announcer.grew(run.id);
			},
		}),
		route({
			method: 'post',
			path: '/api/runs/:run/retry',
			audience: 'person',
			summary: 'Queue the same code, data and parameters again as a new run',
			status: 201,
			async handle({ caller, params }) {
				const run = await runOf(caller, params['run']!, 'code');
				const { user } = caller;
				const id = await tables.runs.retry(run.id, user, deps.now().toISOString());
				work.raise();
				return { run: id };
			},
		}),
	];
}
