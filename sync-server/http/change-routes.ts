import { z } from 'zod';
import type { ChangeLine } from '#shared/replica/rows.ts';
import type { Tables } from '../tables/tables.ts';
import type { FeedCursors } from './feed-cursor.ts';
import type { Guard } from '../accounts/guard.ts';
import { route, type Route } from './route.ts';

const pageRows = 2000;
const query = z.object({ since: z.string().max(500).optional() });

interface Options {
	readonly tables: Tables;
	readonly guard: Guard;
	readonly cursors: FeedCursors;
}

/** The change feed: NDJSON lines in commit order, a cursor at the end (shared/replica/rows.ts). */
export function changeRoutes({ tables, guard, cursors }: Options): Route[] {
	async function read(user: string, since: string | undefined, project?: string) {
		const position = since === undefined ? undefined : cursors.read(user, since);
		if (since !== undefined && position === undefined) return ndjson([{ reset: true }]);
		const page = await tables.changes.read({
			user,
			limit: pageRows,
			...(position ? { since: position } : {}),
			...(project === undefined ? {} : { project }),
		});
		if (page.kind === 'gone') return ndjson([{ reset: true }]);
		const cursor = cursors.write(user, page.position);
		return ndjson([...page.lines, { cursor, more: page.more }]);
	}

	return [
		route({
			method: 'get',
			path: '/api/changes',
			audience: 'person',
			summary: 'What changed, of everything I may read (NDJSON)',
			query,
			handle: ({ caller, query: { since } }) => read(caller.user, since),
		}),
		route({
			method: 'get',
			path: '/api/projects/:project/changes',
			audience: 'person',
			summary: 'What changed in one project (NDJSON)',
			query,
			async handle({ caller, params, query: { since } }) {
				const { project } = await guard.project(caller, params['project']!, 'read-project');
				return read(caller.user, since, project);
			},
		}),
	];
}

function ndjson(lines: readonly ChangeLine[]): Response {
	return new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), {
		headers: { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' },
	});
}
