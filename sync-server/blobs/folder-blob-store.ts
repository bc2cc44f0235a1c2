import { createHash, randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CommandError } from '#shared/api/errors.ts';
import { isSha256 } from '#shared/numbers/hash.ts';
import type { BlobStore, ByteRange, ByteStream, KeptBlob } from './blob-store.ts';
import { pour } from './pour.ts';

/**
 * Blobs in a folder:
 *
 *     <2 hex>/<sha256>             a blob, never written again
 *     uploads/<project>.<sha256>   an upload in pieces, as far as it came
 *     uploads/<random>.whole       a whole blob on its way
 *
 * A blob is moved to its place only when its bytes and then its name are on disk.
 */
export async function openFolderBlobStore(folder: string): Promise<BlobStore> {
	await mkdir(join(folder, 'uploads'), { recursive: true, mode: 0o700 });
	return new FolderBlobStore(folder);
}

interface Working {
	readonly stop: AbortController;
	readonly ended: Promise<unknown>;
}

class FolderBlobStore implements BlobStore {
	readonly #folder: string;
	/** Who works on an upload now: who goes on with it takes over from a connection that hangs. */
	readonly #working = new Map<string, Working>();

	constructor(folder: string) {
		this.#folder = folder;
	}

	async write(
		_project: string,
		sha256: string | undefined,
		bytes: ByteStream,
		options: { limitBytes?: number; signal?: AbortSignal } = {},
	): Promise<KeptBlob> {
		const file = join(this.#folder, 'uploads', `${randomBytes(12).toString('hex')}.whole`);
		try {
			const hash = createHash('sha256');
			const sizeBytes = await pour(bytes, file, { ...options, offset: 0, each: hash });
			const kept = { sha256: hash.digest('hex'), sizeBytes };
			if (sha256 !== undefined && kept.sha256 !== sha256) throw badHash(sha256, kept.sha256);
			await this.#place(file, kept.sha256);
			return kept;
		} finally {
			await rm(file, { force: true });
		}
	}

	async append(
		project: string,
		sha256: string,
		bytes: ByteStream,
		{ offset, limitBytes, signal }: { offset: number; limitBytes?: number; signal?: AbortSignal },
	): Promise<number> {
		const file = this.#upload(project, sha256);
		return this.#takeOver(file, async (stop) => {
			stop.throwIfAborted(); // somebody else came while it waited
			const uploaded = await sizeOfFile(file);
			if (uploaded !== offset && !(uploaded === undefined && offset === 0))
				throw new CommandError(
					'bad_offset',
					`The upload stands at ${uploaded ?? 0}, not at ${offset}.`,
				);
			const written = await pour(bytes, file, {
				offset,
				signal: signal ? AbortSignal.any([signal, stop]) : stop,
				...(limitBytes === undefined ? {} : { limitBytes }),
			});
			return offset + written;
		});
	}

	/**
	 * Takes an upload over from whoever works on it: they are stopped, and have let go of the file before
	 * `work` begins. Two who wrote at once could change a blob after its hash was found.
	 */
	async #takeOver<T>(file: string, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
		const before = this.#working.get(file);
		before?.stop.abort(
			new CommandError('conflict', 'Another connection goes on with this upload.'),
		);
		const stop = new AbortController();
		// How the one before ended is told to its own caller.
		const over = before?.ended.catch(() => undefined) ?? Promise.resolve();
		const ended = over.then(() => work(stop.signal));
		const mine = { stop, ended };
		this.#working.set(file, mine);
		try {
			return await ended;
		} finally {
			if (this.#working.get(file) === mine) this.#working.delete(file);
		}
	}

	async uploadedBytes(project: string, sha256: string): Promise<number> {
		return (await sizeOfFile(this.#upload(project, sha256))) ?? 0;
	}

	async finish(project: string, sha256: string): Promise<KeptBlob> {
		const file = this.#upload(project, sha256);
		return this.#takeOver(file, async () => {
			const sizeBytes = await sizeOfFile(file);
			if (sizeBytes === undefined)
				throw new CommandError('bad_offset', `No upload of ${sha256} has begun.`);
			const found = await hashOf(file);
			if (found !== sha256) {
				await rm(file, { force: true });
				throw badHash(sha256, found);
			}
			await this.#place(file, sha256);
			return { sha256, sizeBytes };
		});
	}

	async open(sha256: string, range?: ByteRange): Promise<ReadableStream<Uint8Array> | undefined> {
		const file = await openIfThere(this.#pathOf(sha256));
		if (!file) return undefined;
		if (range && range.end <= range.start) {
			await file.close();
			return new Blob([]).stream();
		}
		const stream = file.createReadStream(range ? { start: range.start, end: range.end - 1 } : {});
		return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
	}

	async sizeOf(sha256: string): Promise<number | undefined> {
		return sizeOfFile(this.#pathOf(sha256));
	}

	async has(sha256: string): Promise<boolean> {
		return (await this.sizeOf(sha256)) !== undefined;
	}

	async remove(sha256: string): Promise<void> {
		await rm(this.#pathOf(sha256), { force: true });
	}

	async sweep(olderThanMs: number): Promise<number> {
		const uploads = join(this.#folder, 'uploads');
		let swept = 0;
		for (const name of await readdir(uploads)) {
			const file = join(uploads, name);
			// One that was finished since the names were read is no upload any more.
			const changedMs = (await statOfFile(file))?.mtimeMs ?? Infinity;
			if (this.#working.has(file) || changedMs > Date.now() - olderThanMs) continue;
			await rm(file, { force: true });
			swept += 1;
		}
		return swept;
	}

	#pathOf(sha256: string): string {
		checkHash(sha256);
		return join(this.#folder, sha256.slice(0, 2), sha256);
	}

	#upload(project: string, sha256: string): string {
		checkHash(sha256);
		if (!/^[a-z0-9-]{1,63}$/.test(project)) throw new Error(`not a project id: ${project}`);
		return join(this.#folder, 'uploads', `${project}.${sha256}`);
	}

	/** Moves a file, whose bytes are on disk, to where its hash belongs. */
	async #place(file: string, sha256: string): Promise<void> {
		const target = this.#pathOf(sha256);
		const folder = join(this.#folder, sha256.slice(0, 2));
		const isNewFolder = (await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined;
		await rename(file, target);
		await syncFolder(folder);
		if (isNewFolder) await syncFolder(this.#folder);
	}
}

async function hashOf(file: string): Promise<string> {
	const hash = createHash('sha256');
	const handle = await open(file);
	for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 20 }))
		hash.update(chunk as Uint8Array);
	return hash.digest('hex');
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
	try {
		return await open(file);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}

async function sizeOfFile(file: string): Promise<number | undefined> {
	return (await statOfFile(file))?.size;
}

async function statOfFile(file: string): Promise<Stats | undefined> {
	try {
		return await stat(file);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}

async function syncFolder(folder: string): Promise<void> {
	const handle = await open(folder);
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}

function checkHash(sha256: string): void {
	if (!isSha256(sha256)) throw new CommandError('bad_request', 'A blob is named by its SHA-256.');
}

function badHash(wanted: string, found: string): CommandError {
	return new CommandError('bad_hash', `The bytes sent as ${wanted} have the SHA-256 ${found}.`);
}
