import { may } from '#shared/access/access.ts';
import { CommandError } from '#shared/api/errors.ts';
import { isSha256 } from '#shared/numbers/hash.ts';
import { readRange } from '../blobs/byte-range.ts';
import { keepBlob, openToProject } from '../blobs/keep-blob.ts';
import { isShown } from '../blobs/media-type.ts';
import type { BlobRecord } from '../tables/blobs.ts';
import type { Caller } from '../accounts/caller.ts';
import type { DataDoors } from './data-doors.ts';
import { requestBody } from './request-body.ts';
import { route, type Route } from './route.ts';
import { wholeNumber } from './number-text.ts';

const path = '/api/projects/:project/blobs/:sha256';
const count = wholeNumber(0);

/**
 * Blobs of a project: whole (`PUT`) or in pieces (`PATCH` with `Upload-Offset` and `Upload-Length`, `HEAD` tells how
 * far it came). A hash known from another project opens nothing here: its bytes are sent whole again.
 */
export function blobRoutes(doors: DataDoors): Route[] {
	const { tables, blobs, guard, blobLimitBytes } = doors;
	const show = async (caller: Caller, params: Params, request: Request): Promise<Response> => {
		const { project, sha256 } = named(params);
		const standing = await guard.project(caller, project, 'read-project');
		const blob = await tables.blobs.find(project, sha256);
		const mayRead =
			may(standing.role, 'read-corpus') ||
			(await tables.blobs.isShownTo({ project, sha256, user: standing.user }));
		if (blob && mayRead) return answer(doors, blob, request);
		const uploaded = may(standing.role, 'lead') ? await blobs.uploadedBytes(project, sha256) : 0;
		if (request.method === 'HEAD' && uploaded > 0)
			return new Response(null, { headers: { 'Upload-Offset': String(uploaded) } });
		throw new CommandError('not_found', `There is no blob ${sha256} here.`);
	};
	return [
		...(['get', 'head'] as const).map((method) =>
			route({
				method,
				path,
				audience: 'person',
				summary:
					method === 'get' ? 'The bytes of a blob, or a range of them' : 'How far it is here',
				handle: ({ caller, params, request }) => show(caller, params, request),
			}),
		),
		route({
			method: 'put',
			path,
			audience: 'person',
			summary: 'Send a whole blob under its SHA-256',
			status: 201,
			async handle({ caller, params, request, signal }) {
				const { project, sha256 } = named(params);
				await guard.project(caller, project, 'lead');
				const bytes = requestBody(request);
				const limitBytes = blobLimitBytes;
				const kept = await keepBlob(doors, { project, sha256, bytes, limitBytes, signal });
				return checked(kept, request);
			},
		}),
		route({
			method: 'patch',
			path,
			audience: 'person',
			summary: 'Go on with a blob at Upload-Offset; it is complete at Upload-Length',
			async handle({ caller, params, request, signal }) {
				const { project, sha256 } = named(params);
				await guard.project(caller, project, 'lead');
				const offset = header(request, 'Upload-Offset');
				const length = header(request, 'Upload-Length');
				if (length > blobLimitBytes)
					throw new CommandError('too_large', `A blob may have ${blobLimitBytes} bytes at most.`);
				const known = await tables.blobs.find(project, sha256);
				if (known) return progress(known.sizeBytes, checked(known, request));
				const options = { offset, limitBytes: length, signal };
				const now = await blobs.append(project, sha256, requestBody(request), options);
				if (now < length) return progress(now);
				const kept = await openToProject(doors, project, await blobs.finish(project, sha256));
				return progress(kept.sizeBytes, checked(kept, request));
			},
		}),
	];
}

type Params = Readonly<Record<string, string>>;

function named(params: Params): { project: string; sha256: string } {
	const { project, sha256 } = params as { project: string; sha256: string };
	if (!isSha256(sha256)) throw new CommandError('not_found', 'A blob is named by its SHA-256.');
	return { project, sha256 };
}

function header(request: Request, name: string): number {
	const parsed = count.safeParse(request.headers.get(name) ?? undefined);
	if (!parsed.success)
		throw new CommandError('bad_request', `The header ${name} is to be a number of bytes.`);
	return parsed.data;
}

/** What was sent as an image and is none is told: the bytes are kept, as bytes. */
function checked(blob: BlobRecord, request: Request): object {
	const said = request.headers.get('Content-Type') ?? '';
	if (said.startsWith('image/') && !blob.type.startsWith('image/'))
		throw new CommandError('bad_image', `${blob.sha256} was sent as ${said} and is no image.`);
	return { sha256: blob.sha256, sizeBytes: blob.sizeBytes, type: blob.type };
}

function progress(offset: number, blob?: object): Response {
	return Response.json(
		{ offset, isComplete: blob !== undefined, ...blob },
		{ headers: { 'Upload-Offset': String(offset) } },
	);
}

/** Bytes as design §5 wants them served: never run, never guessed at, shown only where showing is harmless. */
async function answer({ blobs }: DataDoors, blob: BlobRecord, request: Request): Promise<Response> {
	const headers: Record<string, string> = {
		'Content-Type': blob.type,
		'Content-Disposition': isShown(blob.type) ? 'inline' : 'attachment',
		'X-Content-Type-Options': 'nosniff',
		'Content-Security-Policy': 'sandbox',
		'Cross-Origin-Resource-Policy': 'same-origin',
		'Cache-Control': 'private, max-age=31536000, immutable',
		'Accept-Ranges': 'bytes',
		ETag: `"${blob.sha256}"`,
	};
	if (request.headers.get('If-None-Match') === headers['ETag'])
		return new Response(null, { status: 304, headers });
	const range = readRange(request.headers.get('Range'), blob.sizeBytes);
	if (range === 'unsatisfiable')
		return new Response(null, {
			status: 416,
			headers: { ...headers, 'Content-Range': `bytes */${blob.sizeBytes}` },
		});
	const { start, end } = range ?? { start: 0, end: blob.sizeBytes };
	headers['Content-Length'] = String(end - start);
	if (range) headers['Content-Range'] = `bytes ${start}-${end - 1}/${blob.sizeBytes}`;
	if (request.method === 'HEAD')
		return new Response(null, {
			headers: { ...headers, 'Upload-Offset': String(blob.sizeBytes) },
		});
	const bytes = await blobs.open(blob.sha256, range);
	if (!bytes) throw new Error(`the bytes of ${blob.sha256} are gone from the store`);
	return new Response(bytes, { status: range ? 206 : 200, headers });
}
