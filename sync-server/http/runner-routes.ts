import { may } from '#shared/access/access.ts';
import { CommandError } from '#shared/api/errors.ts';
import { claimShape, runnerProtocol, type Assignment } from '#shared/api/runner-protocol.ts';
import { hashOf, newSecret } from '../accounts/secret.ts';
import { route, type Route } from './route.ts';
import type { Run } from '../tables/runs.ts';
import type { RunDoors } from './run-doors.ts';

/** Even without a hint a waiting runner looks this often: a hint may have been raised on another server. */
const lookEveryMs = 1000;

/** `POST /api/runner/claim`: a runner asks for work and waits a while for it. */
export function runnerRoutes({ tables, work, now, operator }: RunDoors): Route[] {
	/** Projects whose code may run on this person's machines: those whose code they may read; null for all. */
	async function projectsOf(user: string): Promise<string[] | null> {
		if (user === operator) return null;
		const projects = await tables.projects.listOf(user);
		const members = await Promise.all(projects.map(({ id }) => tables.members.find(id, user)));
		return members.flatMap((member) =>
			member && may(member.role, 'code', member.hasCode) ? [member.project] : [],
		);
	}

	return [
		route({
			method: 'post',
			path: '/api/runner/claim',
			audience: 'runner',
			summary: 'Take the next queued run; waits for one, 204 when none came',
			body: claimShape,
			async handle({ caller, body, signal }) {
				if (body.protocol !== runnerProtocol)
					throw new CommandError(
						'protocol_too_old',
						`This server speaks runner protocol ${runnerProtocol}, the runner ${body.protocol}.`,
					);
				if (body.handBack.length > 0) {
					await tables.attempts.handBack(caller.token, body.handBack, now().toISOString());
					work.raise();
				}
				const runner = { id: `${caller.token}/${body.name}`, name: body.name, tags: body.tags };
				const until = performance.now() + body.waitMs;
				for (;;) {
					const token = newSecret('fa_');
					const claimed = await tables.attempts.claim({
						runner,
						projects: await projectsOf(caller.user),
						tokenHash: hashOf(token),
						at: now().toISOString(),
					});
					if (claimed && !signal.aborted) return assignment(claimed.run, claimed.attempt, token);
					if (claimed) {
						const key = { run: claimed.run.id, attempt: claimed.attempt };
						await tables.attempts.release(key, now().toISOString());
						work.raise();
						return undefined;
					}
					const leftMs = until - performance.now();
					if (leftMs <= 0 || signal.aborted) return undefined;
					await work.wait(Math.min(leftMs, lookEveryMs), signal);
				}
			},
		}),
	];
}

function assignment(run: Run, attempt: number, token: string): Assignment {
	const { spec } = run;
	return {
		run: run.id,
		attempt,
		token,
		project: run.project,
		name: run.name,
		gitPath: `/git/${run.project}.git`,
		codeCommit: run.codeCommit,
		dataCommit: run.dataCommit,
		spec: {
			run: spec.run,
			...(spec.setup === undefined ? {} : { setup: spec.setup }),
			params: run.params as Assignment['spec']['params'],
			keep: [...spec.keep],
			metrics: [...spec.metrics],
			...(spec.predictions === undefined ? {} : { predictions: spec.predictions }),
			timeoutMs: spec.needs.timeoutMs,
		},
	};
}
