import { buildIfStale } from '#sync-server/operator/build-if-stale.ts';
import { Flywheel } from '../../../support/flywheel.ts';
import { lines, makeProject } from '../../project.ts';
import type { Contender } from './contender.ts';

const people = 8;
/** What one call that makes batches takes. */
const itemsAtOnce = 10_000;

/** The real program as `npm start` runs it, with real people, batches and tokens. Every document is a batch's. */
export const ours: Contender = {
	name: 'flywheel',
	async start(documents) {
		buildIfStale();
		const flywheel = await Flywheel.startEmpty();
		const project = await makeProject(flywheel, 'Sync');
		const members = [];
		for (let index = 0; index < people; index++)
			members.push(await join(flywheel, project, `Labeler ${index}`));
		const itemsEach = documents === 1 ? 200 : 20;
		await flywheel.importLines(project, lines(documents * itemsEach));
		const batches: string[] = [];
		while (batches.length < documents) {
			const count = Math.min(itemsAtOnce, (documents - batches.length) * itemsEach);
			const made = await flywheel.makeBatches(project, {
				...{ choose: { by: 'oldest', count }, size: itemsEach },
				members: members.map(({ user }) => user),
			});
			batches.push(...made);
		}
		return {
			target: {
				dialect: 'flywheel',
				url: `${flywheel.direct.replace('http', 'ws')}/sync`,
				documents: batches.map((batch) => `${project}/${batch}/answers`),
				tokens: members.map(({ token }) => token),
				pid: flywheel.pid,
			},
			async stop() {
				await flywheel.kill();
				await flywheel.remove();
			},
		};
	},
};

/** A new person in the project, and a token of theirs. */
async function join(
	flywheel: Flywheel,
	project: string,
	name: string,
): Promise<{ user: string; token: string }> {
	const { link } = await flywheel.call<{ link: string }>(
		'POST',
		`/api/projects/${project}/invites`,
		{ role: 'labeler' },
	);
	const post = async (path: string, body: object, headers: Record<string, string>) => {
		const reply = await fetch(flywheel.direct + path, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json', Origin: flywheel.url, ...headers },
			body: JSON.stringify(body),
		});
		if (!reply.ok) throw new Error(`POST ${path}: ${reply.status} ${await reply.text()}`);
		return reply;
	};
	const token = new URL(link).hash.slice(1);
	const accepted = await post('/api/invites/accept', { token, name }, {});
	const { user } = (await accepted.json()) as { user: string };
	const cookie = accepted.headers
		.getSetCookie()
		.map((line) => line.split(';')[0])
		.join('; ');
	const made = await post('/api/tokens', { name: 'bench' }, { Cookie: cookie });
	return { user, token: ((await made.json()) as { secret: string }).secret };
}
