import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { ended, startGit } from './run-git.ts';

/** Objects of a push that is not let in yet, as git names them to its hooks; empty for what is in the repository. */
export type Quarantine = Readonly<Record<string, string>>;

export interface GitObject {
	readonly id: string;
	readonly type: string;
	readonly bytes: Buffer;
}

/** Reads many objects through one `git cat-file --batch`, each whole. Close it when done. */
export class ObjectReader {
	readonly #child: ChildProcessWithoutNullStreams;
	readonly #ended: Promise<number | null>;
	readonly #asked: {
		readonly resolve: (object: GitObject | undefined) => void;
		readonly reject: (error: Error) => void;
	}[] = [];
	#chunks: Buffer[] = [];
	#size = 0;
	/** How many bytes the next answer has, once its head is here. */
	#wanted = 0;

	constructor(repository: string, quarantine: Quarantine = {}) {
		this.#child = startGit(repository, ['cat-file', '--batch'], { environment: quarantine });
		this.#child.stdin.on('error', () => undefined);
		this.#child.stderr.resume();
		this.#child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
		this.#ended = ended(this.#child);
		const fail = (): void => {
			for (const { reject } of this.#asked.splice(0))
				reject(new Error(`git cat-file ended in ${repository}`));
		};
		this.#ended.then(fail, fail);
	}

	/** The object of a name (`<commit>:<path>`, an id); undefined when there is none. */
	read(name: string): Promise<GitObject | undefined> {
		if (name.includes('\n')) return Promise.resolve(undefined);
		return new Promise((resolve, reject) => {
			this.#asked.push({ resolve, reject });
			this.#child.stdin.write(`${name}\n`);
		});
	}

	/** The bytes of a file; undefined where there is no file. */
	async file(name: string): Promise<Buffer | undefined> {
		const object = await this.read(name);
		return object?.type === 'blob' ? object.bytes : undefined;
	}

	async close(): Promise<void> {
		this.#child.stdin.end();
		await this.#ended;
	}

	#take(chunk: Buffer): void {
		this.#chunks.push(chunk);
		this.#size += chunk.length;
		while (this.#size > 0 && this.#size >= this.#wanted) {
			const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
			const used = this.#answer(bytes);
			this.#chunks = used === bytes.length ? [] : [bytes.subarray(used)];
			this.#size = bytes.length - used;
			if (used === 0) return;
		}
	}

	/** Answers the oldest question if its answer is complete; gives how many bytes that took. */
	#answer(bytes: Buffer): number {
		const headEnd = bytes.indexOf('\n');
		if (headEnd === -1) return 0;
		const [id = '', type = '', size] = bytes.toString('utf8', 0, headEnd).split(' ');
		if (size === undefined || !/^\d+$/.test(size)) {
			this.#wanted = 0;
			this.#asked.shift()?.resolve(undefined);
			return headEnd + 1;
		}
		const start = headEnd + 1;
		const end = start + Number(size);
		this.#wanted = end + 1;
		if (bytes.length <= end) return 0;
		this.#wanted = 0;
		this.#asked.shift()?.resolve({ id, type, bytes: bytes.subarray(start, end) });
		return end + 1;
	}
}

/** Opens a reader for one piece of work. */
export async function withObjects<T>(
	repository: string,
	work: (objects: ObjectReader) => Promise<T>,
	quarantine: Quarantine = {},
): Promise<T> {
	const objects = new ObjectReader(repository, quarantine);
	try {
		return await work(objects);
	} finally {
		await objects.close();
	}
}
