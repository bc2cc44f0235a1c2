import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import { isSha256 } from '#shared/numbers/hash.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { readRange } from '../blobs/byte-range.ts';
import { keepBlob } from '../blobs/keep-blob.ts';
import type { Tables } from '../tables/tables.ts';
import { answerBatch } from './lfs-batch.ts';
import { batchShape, lfsType, objectLimit, verifyShape } from './lfs-shapes.ts';

export interface LfsDeps {
	readonly tables: Pick<Tables, 'blobs'>;
	readonly blobStore: BlobStore;
	/** The most that one object may have. */
	readonly blobLimitBytes: number;
	readonly url: () => string;
}

/** One request below `info/lfs`; who makes it may read the project, and write when they say so. */
export interface LfsRequest {
	readonly project: string;
	/** Below `info/lfs/`. */
	readonly path: string;
	readonly authorization: string;
	readonly request: IncomingMessage;
	readonly response: ServerResponse;
}

const bodyLimitBytes = 8 * 1024 * 1024;

/** Git LFS on the blob store: batch, basic transfers with ranges, verify. There are no locks: clients take a 404 for that. */
export async function serveLfs(deps: LfsDeps, lfs: LfsRequest): Promise<void> {
	const { path, request } = lfs;
	const oid = /^objects\/([0-9a-f]{64})$/.exec(path)?.[1];
	if (path === 'objects/batch' && request.method === 'POST') return batch(deps, lfs);
	if (path === 'objects/verify' && request.method === 'POST') return verify(deps, lfs);
	if (oid !== undefined && request.method === 'PUT') return upload(deps, lfs, oid);
	if (oid !== undefined && (request.method === 'GET' || request.method === 'HEAD'))
		return download(deps, lfs, oid);
	throw new CommandError('not_found', 'There is nothing at this LFS address.');
}

async function batch(deps: LfsDeps, lfs: LfsRequest): Promise<void> {
	const { project, authorization, request, response } = lfs;
	const asked = await readJson(request, batchShape);
	if (asked.hash_algo !== undefined && asked.hash_algo !== 'sha256')
		return answer(response, 409, { message: 'objects are named by sha256 here' });
	if (asked.objects.length > objectLimit)
		throw new CommandError('too_large', `Ask for ${objectLimit} objects at most at once.`);
	const hashes = [...new Set(asked.objects.map(({ oid }) => oid).filter(isSha256))];
	const records = await deps.tables.blobs.findMany(project, hashes);
	const sizes = new Map(records.map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
	const base = `${deps.url()}/git/${project}.git/info/lfs`;
	const objects = answerBatch(asked, { base, authorization, sizes });
	answer(response, 200, { transfer: 'basic', hash_algo: 'sha256', objects });
}

async function verify(deps: LfsDeps, { project, request, response }: LfsRequest): Promise<void> {
	const { oid, size } = await readJson(request, verifyShape);
	const record = await deps.tables.blobs.find(project, oid);
	if (record?.sizeBytes !== size)
		throw new CommandError('not_found', `The project has no object ${oid} of ${size} bytes.`);
	answer(response, 200, {});
}

/** The hash is made while the bytes arrive: a client gives up after 30 silent seconds. */
async function upload(deps: LfsDeps, lfs: LfsRequest, oid: string): Promise<void> {
	const { project, request, response } = lfs;
	const doors = { blobs: deps.blobStore, tables: deps.tables };
	const limitBytes = deps.blobLimitBytes;
	await keepBlob(doors, { project, sha256: oid, bytes: request, limitBytes });
	answer(response, 200, {});
}

async function download(deps: LfsDeps, lfs: LfsRequest, oid: string): Promise<void> {
	const { project, request, response } = lfs;
	const record = await deps.tables.blobs.find(project, oid);
	if (!record) throw new CommandError('not_found', `The project has no object ${oid}.`);
	const size = record.sizeBytes;
	const range = readRange(request.headers.range, size);
	if (range === 'unsatisfiable') {
		response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
		return;
	}
	const { start, end } = range ?? { start: 0, end: size };
	response.writeHead(range ? 206 : 200, {
		'Content-Type': 'application/octet-stream',
		'Content-Length': end - start,
		'Accept-Ranges': 'bytes',
		'X-Content-Type-Options': 'nosniff',
		'Content-Security-Policy': 'sandbox',
		'Content-Disposition': 'attachment',
		...(range ? { 'Content-Range': `bytes ${start}-${end - 1}/${size}` } : {}),
	});
	if (request.method === 'HEAD' || size === 0) {
		response.end();
		return;
	}
	const bytes = await deps.blobStore.open(oid, { start, end });
	if (!bytes) throw new Error(`the bytes of ${oid} are gone`);
	await pipeline(Readable.from(bytes), response);
}

async function readJson<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size > bodyLimitBytes) throw new CommandError('too_large', 'The body has 8 MiB at most.');
		chunks.push(chunk);
	}
	let value: unknown;
	try {
		value = JSON.parse(Buffer.concat(chunks).toString());
	} catch (cause) {
		throw new CommandError('bad_json', 'The body is not JSON.', { cause });
	}
	const parsed = shape.safeParse(value);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw new CommandError('bad_request', `${issue!.path.join('.')}: ${issue!.message}`);
}

function answer(response: ServerResponse, status: number, body: object): void {
	response.writeHead(status, { 'Content-Type': lfsType }).end(JSON.stringify(body));
}
