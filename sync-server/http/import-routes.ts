import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import type { ImportProgress, ImportReport } from '#shared/api/replies.ts';
import type { ImportProgressed } from '../import/import-lines.ts';
import { importFormat, importStream } from '../import/import-stream.ts';
import { corpusReader, type DataDoors } from './data-doors.ts';
import { requestBody } from './request-body.ts';
import { route, type Route } from './route.ts';

const flag = z
	.enum(['0', '1'])
	.default('0')
	.transform((text) => text === '1');

/** How many rows one step of an undo takes back: other commands wait for one step at most. */
const undoRows = 500;

/** Imports: sending them, and taking them back. */
export function importRoutes(doors: DataDoors): Route[] {
	const { tables, guard } = doors;
	return [
		route({
			method: 'post',
			path: '/api/projects/:project/import',
			audience: 'person',
			summary:
				'Import JSON lines, or a zip or tar with media; with progress=1 the answer is NDJSON',
			query: z.object({ format: z.string().default('auto'), replace: flag, progress: flag }),
			async handle({ caller, params, query, request }) {
				const project = params['project']!;
				await guard.project(caller, project, 'lead');
				const format = importFormat(query.format);
				if (!request.body) throw new CommandError('bad_request', 'There is nothing to import.');
				// Who leaves in the middle breaks the body; who leaves after its end lets the import go on.
				const run = (onProgress?: (progress: ImportProgressed) => void): Promise<ImportReport> =>
					importStream(doors, format, requestBody(request), {
						project,
						by: caller.user,
						replaces: query.replace,
						...(onProgress ? { onProgress } : {}),
					});
				return query.progress ? told(run) : run();
			},
		}),
		route({
			method: 'get',
			path: '/api/projects/:project/imports/:import',
			audience: 'person',
			summary: 'What an import did, and which lines it refused',
			async handle({ caller, params }) {
				const { project, import: id } = params as { project: string; import: string };
				await corpusReader(doors, caller, project);
				await guard.project(caller, project, 'lead');
				const found = await tables.imports.find(project, id);
				if (!found) throw new CommandError('not_found', `There is no import ${id} in ${project}.`);
				return { state: found.state, ...found.report };
			},
		}),
		route({
			method: 'post',
			path: '/api/projects/:project/imports/:import/undo',
			audience: 'person',
			summary: 'Withdraw an import’s answers, and its items where nobody answered them',
			async handle({ caller, params }) {
				const { project, import: id } = params as { project: string; import: string };
				await corpusReader(doors, caller, project);
				await guard.project(caller, project, 'lead');
				for (let isDone = false; !isDone;)
					({ isDone } = await tables.imports.undo({ project, id, limit: undoRows }));
				const { state, report } = (await tables.imports.find(project, id))!;
				return { state, ...report };
			},
		}),
	];
}

/** The progress of an import as NDJSON, then its report. It goes on when nobody listens any more. */
function told(
	run: (onProgress: (progress: ImportProgressed) => void) => Promise<ImportReport>,
): Response {
	const encoder = new TextEncoder();
	let isHeard = true;
	const body = new ReadableStream<Uint8Array>({
		start(controller) {
			const tell = (line: ImportProgress): void => {
				if (isHeard) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
			};
			const over = (line: ImportProgress): void => {
				tell(line);
				if (isHeard) controller.close();
			};
			run((progress) => tell({ kind: 'progress', ...progress })).then(
				(report) => over({ kind: 'done', report }),
				(error: unknown) => over({ kind: 'failed', error: errorOf(error) }),
			);
		},
		cancel() {
			isHeard = false;
		},
	});
	return new Response(body, { headers: { 'Content-Type': 'application/x-ndjson' } });
}

function errorOf(error: unknown): { code: string; message: string; hint?: string } {
	const told =
		error instanceof CommandError
			? error
			: new CommandError('internal', 'Something went wrong on the server.', { cause: error });
	return told.body.error;
}
