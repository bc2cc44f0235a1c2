import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract, pack, type Pack } from 'tar-stream';
import { OperatorError } from './command.ts';

/**
 * A backup is a tar (gzipped where its name ends in `gz`):
 *
 *     backup.json            what it is
 *     tables.db, updates.db  the databases, each as one moment saw it
 *     repositories/…         refs before objects
 *     blobs/…
 */
export const manifestName = 'backup.json';
export const backupVersion = 1;

const isZipped = (file: string): boolean => /gz$/.test(file);
const entryName = /^(tables\.db|updates\.db|(repositories|blobs)\/[A-Za-z0-9._/@{}+-]+)$/;

/** An archive being written; `close` resolves when it is on disk. */
export class BackupWriter {
	readonly #pack: Pack = pack();
	readonly #written: Promise<void>;
	readonly #file: string;

	constructor(file: string) {
		this.#file = file;
		const target = createWriteStream(file, { mode: 0o600, flags: 'wx' });
		this.#written = isZipped(file)
			? pipeline(this.#pack, createGzip({ level: 1 }), target)
			: pipeline(this.#pack, target);
		// Whoever waits for the end is told; until then a failure shows at the next entry.
		this.#written.catch(() => undefined);
	}

	async addText(name: string, content: string): Promise<void> {
		const bytes = Buffer.from(content);
		await this.#entry(name, bytes.length, Readable.from([bytes]));
	}

	/**
	 * Adds a file with the size it has now: what is appended meanwhile belongs to the next backup. False where
	 * it is gone.
	 */
	async addFile(name: string, path: string): Promise<boolean> {
		const file = await open(path).catch(unlessGone);
		if (!file) return false;
		const { size } = await file.stat();
		const bytes = size === 0 ? Readable.from([]) : file.createReadStream({ end: size - 1 });
		await this.#entry(name, size, bytes);
		await file.close();
		return true;
	}

	/**
	 * Adds the files below a folder whose names are kept; a folder that is not there is empty. Looks again as
	 * long as files went away meanwhile: git writes a new pack before it takes old ones away, so what they held
	 * is there under another name.
	 */
	async addFolder(name: string, folder: string, isKept: (path: string) => boolean): Promise<void> {
		const added = new Set<string>();
		for (let isWhole = false; !isWhole;) {
			isWhole = true;
			for (const path of await filesBelow(folder)) {
				if (added.has(path) || !isKept(path)) continue;
				if (await this.addFile(`${name}/${path}`, join(folder, path))) added.add(path);
				else isWhole = false;
			}
		}
	}

	async close(): Promise<void> {
		this.#pack.finalize();
		await this.#written;
		const handle = await open(this.#file, 'r');
		await handle.sync();
		await handle.close();
	}

	async #entry(name: string, size: number, bytes: Readable): Promise<void> {
		const added = pipeline(bytes, this.#pack.entry({ name, size, mode: 0o600 }));
		await Promise.race([added, this.#written]);
		await added;
	}
}

/** Names of the files below a folder, sorted, as paths within it. What goes away while it is read is not there. */
async function filesBelow(folder: string, within = ''): Promise<string[]> {
	const entries = await readdir(join(folder, within), { withFileTypes: true }).catch(unlessGone);
	const files: string[] = [];
	for (const entry of entries ?? []) {
		const path = within === '' ? entry.name : `${within}/${entry.name}`;
		if (entry.isFile()) files.push(path);
		else if (entry.isDirectory()) files.push(...(await filesBelow(folder, path)));
	}
	return files.sort();
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
	if (error.code !== 'ENOENT') throw error;
}

/** Unpacks a backup into an empty folder; answers when it was made, where it says so. Throws for anything that is no backup of ours, or has a name it must not. */
export async function unpackBackup(
	file: string,
	folder: string,
): Promise<{ readonly at: string | null }> {
	const archive = extract();
	const source = (await openBackup(file)).createReadStream();
	const reading = isZipped(file)
		? pipeline(source, createGunzip(), archive)
		: pipeline(source, archive);
	reading.catch(() => undefined); // the loop below throws it
	let isOurs = false;
	let at: string | null = null;
	for await (const entry of archive) {
		const { name, type } = entry.header;
		if (name === manifestName) {
			const manifest = JSON.parse(await text(Readable.from(entry))) as {
				version?: unknown;
				at?: unknown;
			};
			if (manifest.version !== backupVersion)
				throw new OperatorError(`${file} is a backup of version ${String(manifest.version)}.`);
			isOurs = true;
			if (typeof manifest.at === 'string') at = manifest.at;
			continue;
		}
		if (!isOurs) throw new OperatorError(`${file} is not a backup of Flywheel.`);
		const isSafe = type === 'file' && entryName.test(name) && !name.split('/').includes('..');
		if (!isSafe) throw new OperatorError(`${file} holds ${name}, which no backup does.`);
		const path = join(folder, name);
		await mkdir(dirname(path), { recursive: true, mode: 0o700 });
		await pipeline(Readable.from(entry), createWriteStream(path, { mode: 0o600, flags: 'wx' }));
	}
	await reading;
	if (!isOurs) throw new OperatorError(`${file} is not a backup of Flywheel.`);
	return { at };
}

async function openBackup(file: string): Promise<FileHandle> {
	const handle = await open(file).catch(unlessGone);
	if (!handle) throw new OperatorError(`There is no file ${file}.`);
	return handle;
}
