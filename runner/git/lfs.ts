import { createHash } from 'node:crypto';
import { createWriteStream, openAsBlob } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { withRetries } from '../server/backoff.ts';

/** An object of the large-file store, and where it lies (or is to lie) on this disk. */
export interface LfsFile {
	readonly sha256: string;
	readonly sizeBytes: number;
	readonly path: string;
}

const actionShape = z.object({
	href: z.string(),
	header: z.record(z.string(), z.string()).default({}),
});
const batchShape = z.object({
	objects: z.array(
		z.object({
			oid: z.string(),
			error: z.object({ code: z.number(), message: z.string() }).optional(),
			actions: z
				.object({ download: actionShape.optional(), upload: actionShape.optional() })
				.default({}),
		}),
	),
});
type BatchObject = z.infer<typeof batchShape>['objects'][number];
type Action = z.infer<typeof actionShape>;

const batchSize = 100;
const atOnce = 4;
const mediaType = 'application/vnd.git-lfs+json';

/** The server said that an object cannot be had, or did not want one. */
class LfsRefusal extends Error {}

/** The Git LFS protocol (batch, basic transfer) for one repository and one token. */
export class LfsClient {
	readonly #repository: string;
	readonly #authorization: string;
	readonly #signal: AbortSignal;

	constructor(repository: string, token: string, signal: AbortSignal) {
		this.#repository = repository;
		this.#authorization = `Basic ${Buffer.from(`runner:${token}`).toString('base64')}`;
		this.#signal = signal;
	}

	/** Fetches objects; each is on disk, whole and with the right hash, or this throws. */
	download(files: readonly LfsFile[]): Promise<void> {
		return this.#transfer('download', files, (file, { actions }) => {
			if (!actions.download) throw new LfsRefusal(`${file.sha256}: the server offers no download`);
			return this.#get(file, actions.download);
		});
	}

	/** Sends objects; those that the server has already are not sent again. */
	upload(files: readonly LfsFile[]): Promise<void> {
		return this.#transfer('upload', files, async (file, { actions }) => {
			if (actions.upload) await this.#put(file, actions.upload);
		});
	}

	async #transfer(
		operation: 'download' | 'upload',
		files: readonly LfsFile[],
		move: (file: LfsFile, object: BatchObject) => Promise<void>,
	): Promise<void> {
		for (let from = 0; from < files.length; from += batchSize) {
			const some = files.slice(from, from + batchSize);
			const objects = await this.#retried(() => this.#batch(operation, some));
			const queue = [...some];
			const workers = Array.from({ length: atOnce }, async () => {
				for (let file = queue.pop(); file; file = queue.pop()) {
					const one = file;
					const object = objects.get(one.sha256);
					if (!object) throw new LfsRefusal(`${one.sha256}: no answer from the server`);
					if (object.error) throw new LfsRefusal(`${one.sha256}: ${object.error.message}`);
					await this.#retried(() => move(one, object));
				}
			});
			await Promise.all(workers);
		}
	}

	#retried<T>(work: () => Promise<T>): Promise<T> {
		return withRetries(work, {
			isFinal: (error) => error instanceof LfsRefusal,
			signal: this.#signal,
		});
	}

	async #batch(operation: string, files: readonly LfsFile[]): Promise<Map<string, BatchObject>> {
		const response = await fetch(`${this.#repository}/info/lfs/objects/batch`, {
			method: 'POST',
			headers: {
				Accept: mediaType,
				'Content-Type': mediaType,
				Authorization: this.#authorization,
			},
			body: JSON.stringify({
				operation,
				transfers: ['basic'],
				objects: files.map(({ sha256, sizeBytes }) => ({ oid: sha256, size: sizeBytes })),
			}),
			signal: this.#signal,
		});
		const text = await response.text();
		if (!response.ok) throw refusalOf(response.status, `LFS ${operation}: ${text.slice(0, 300)}`);
		const { objects } = batchShape.parse(JSON.parse(text));
		return new Map(objects.map((object) => [object.oid, object]));
	}

	async #get({ sha256, path }: LfsFile, action: Action): Promise<void> {
		const response = await fetch(this.#addressOf(action), {
			headers: this.#headersOf(action),
			signal: this.#signal,
		});
		if (!response.ok || !response.body)
			throw refusalOf(response.status, `download of ${sha256}: HTTP ${response.status}`);
		await mkdir(dirname(path), { recursive: true });
		const part = `${path}.part`;
		const hash = createHash('sha256');
		await pipeline(
			Readable.from(response.body),
			async function* (chunks: AsyncIterable<Uint8Array>) {
				for await (const chunk of chunks) {
					hash.update(chunk);
					yield chunk;
				}
			},
			createWriteStream(part),
		);
		if (hash.digest('hex') !== sha256) {
			await rm(part);
			throw new Error(`download of ${sha256}: the bytes have another hash`);
		}
		await rename(part, path);
	}

	async #put({ sha256, path }: LfsFile, action: Action): Promise<void> {
		const response = await fetch(this.#addressOf(action), {
			method: 'PUT',
			headers: { 'Content-Type': 'application/octet-stream', ...this.#headersOf(action) },
			body: await openAsBlob(path),
			signal: this.#signal,
		});
		const text = await response.text();
		if (!response.ok)
			throw refusalOf(response.status, `upload of ${sha256}: ${text.slice(0, 300)}`);
	}

	/** Links are made from the server's public address; this machine may know it by another one. */
	#addressOf({ href }: Action): string {
		const { pathname, search } = new URL(href);
		return pathname.startsWith('/git/')
			? new URL(this.#repository).origin + pathname + search
			: href;
	}

	#headersOf({ header }: Action): Record<string, string> {
		const isSigned = Object.keys(header).some((name) => name.toLowerCase() === 'authorization');
		return isSigned ? header : { ...header, Authorization: this.#authorization };
	}
}

function refusalOf(status: number, message: string): Error {
	const isFinal = status >= 400 && status < 500 && status !== 429 && status !== 408;
	return isFinal ? new LfsRefusal(message) : new Error(message);
}
