import { setTimeout as delay } from 'node:timers/promises';
import { assignmentShape, runnerProtocol, type Assignment } from '#shared/api/runner-protocol.ts';
import type { Leftovers } from './attempt/leftovers.ts';
import { runAttempt } from './attempt/run-attempt.ts';
import type { Options } from './options.ts';
import { withRetries } from './server/backoff.ts';
import { Refusal, ServerConnection } from './server/server-connection.ts';

const waitMs = 25_000;
const afterFailureMs = 5000;

/**
 * Asks for work and does it, one attempt at a time, until the signal aborts. A server that is away is waited
 * for; one that refuses the token or the protocol ends the loop with a Refusal.
 */
export async function claimLoop(
	options: Options,
	leftovers: Leftovers,
	signal: AbortSignal,
	say: (line: string) => void,
): Promise<void> {
	const connection = new ServerConnection(options.server, options.token);
	let handBack = leftovers.attempts;
	let isAway = false;
	const claim = async (): Promise<Assignment | undefined> => {
		try {
			const reply = await connection.post('/api/runner/claim', {
				json: {
					protocol: runnerProtocol,
					name: options.name,
					tags: options.tags,
					waitMs,
					handBack,
				},
				signal,
				retryForMs: 0,
			});
			if (isAway) say('The server is back.');
			isAway = false;
			return reply === undefined ? undefined : assignmentShape.parse(reply);
		} catch (error) {
			if (!isAway && !signal.aborted && !(error instanceof Refusal))
				say(`The server does not answer at ${options.server}; trying again.`);
			isAway = true;
			throw error;
		}
	};
	while (!signal.aborted) {
		const assignment = await withRetries(claim, {
			isFinal: (error) => error instanceof Refusal,
			signal,
			forMs: Infinity,
			longestMs: 5000,
		});
		if (handBack.length > 0) say(`Gave back ${handBack.length} attempts of an earlier start.`);
		handBack = [];
		await leftovers.forget();
		if (!assignment) continue;
		const { run, attempt, project, name } = assignment;
		say(`Run ${run} (${project}, ${name}), attempt ${attempt}`);
		try {
			say(`Run ${run}: ${await runAttempt(assignment, options, signal)}`);
		} catch (error) {
			// The lease ends and the server queues the run again; a full disk would not be mended by hurrying.
			say(`Run ${run}: this runner failed: ${String(error)}`);
			await delay(afterFailureMs, undefined, { signal }).catch(() => undefined);
		}
	}
}
