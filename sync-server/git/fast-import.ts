import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { GitError, ended, startGit } from './run-git.ts';
import { oneLine } from './names.ts';

export type FileMode = '100644' | '100755';

/** Who a commit is by: a name to read, and a user id instead of an address. */
export interface Author {
	readonly user: string;
	readonly name: string;
}

const batchBytes = 1 << 20;

/**
 * One commit written through `git fast-import`, as a stream of any length: bytes first (`store`), then the
 * commit and where its files lie (`begin`, `place`), then `finish`. The commit hangs on a hidden reference of
 * its own until the caller moves a real one to it (`moveRefs`).
 */
export class FastImport {
	readonly pendingRef: string;
	readonly #child: ChildProcessWithoutNullStreams;
	readonly #answers: AsyncIterator<string>;
	readonly #stderr: Promise<string>;
	readonly #ended: Promise<number | null>;
	#lastMark = 1;
	#waiting: (string | Uint8Array)[] = [];
	#waitingBytes = 0;

	constructor(repository: string, pendingRef: string) {
		this.pendingRef = pendingRef;
		const args = ['fast-import', '--quiet', '--done', '--depth=0', '--date-format=raw'];
		this.#child = startGit(repository, args);
		// Why the pipe broke is told by how the process ended.
		this.#child.stdin.on('error', () => undefined);
		this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
		this.#stderr = text(this.#child.stderr);
		this.#ended = ended(this.#child);
	}

	/** Starts the commit. `parents`: the first gives the tree to start from. */
	begin(commit: {
		readonly author: Author;
		readonly at: Date;
		readonly message: string;
		readonly parents: readonly string[];
	}): void {
		const seconds = Math.floor(commit.at.getTime() / 1000);
		const name = oneLine(commit.author.name) || 'flywheel';
		const user = commit.author.user.replace(/[^A-Za-z0-9_-]/g, '-');
		const [from, ...merges] = commit.parents;
		this.#say(`commit ${this.pendingRef}\nmark :1\n`);
		this.#say(`author ${name} <${user}@flywheel> ${seconds} +0000\n`);
		this.#say(`committer Flywheel <flywheel@flywheel> ${seconds} +0000\n`);
		this.#data(commit.message);
		if (from !== undefined) this.#say(`from ${from}\n`);
		for (const merge of merges) this.#say(`merge ${merge}\n`);
	}

	/** Empties the tree. */
	deleteAll(): void {
		this.#say('deleteall\n');
	}

	/** Takes the whole tree of an existing object. */
	takeTree(tree: string): void {
		this.#say(`M 040000 ${tree} ""\n`);
	}

	/** Keeps bytes for a file; gives the mark to place them by. Resolves when more may be stored. */
	async store(bytes: string | Uint8Array): Promise<number> {
		const mark = ++this.#lastMark;
		this.#say(`blob\nmark :${mark}\n`);
		this.#data(bytes);
		if (this.#waitingBytes >= batchBytes) await this.#send();
		return mark;
	}

	/** Puts stored bytes at a path of the commit. */
	place(path: string, mark: number, mode: FileMode = '100644'): void {
		this.#say(`M ${mode} :${mark} ${quoted(path)}\n`);
	}

	/** Takes a file away; one that is not there is fine. */
	remove(path: string): void {
		this.#say(`D ${quoted(path)}\n`);
	}

	/** Ends the commit and makes it durable. Throws a GitError when git refused anything. */
	async finish(): Promise<{ readonly commit: string; readonly tree: string }> {
		this.#say('\nget-mark :1\nls :1 ""\ndone\n');
		await this.#send();
		this.#child.stdin.end();
		const commit = await this.#answers.next();
		const root = await this.#answers.next();
		const exitCode = await this.#ended;
		if (exitCode !== 0) throw new GitError(['fast-import'], exitCode, await this.#stderr);
		const tree = /^040000 tree ([0-9a-f]{40})\t/.exec(String(root.value))?.[1];
		if (tree === undefined) throw new Error(`fast-import named no tree: ${String(root.value)}`);
		return { commit: String(commit.value), tree };
	}

	/** Gives the commit up; nothing refers to what was written. */
	async abandon(): Promise<void> {
		this.#child.kill();
		await this.#ended;
	}

	#data(content: string | Uint8Array): void {
		const length = typeof content === 'string' ? Buffer.byteLength(content) : content.length;
		this.#say(`data ${length}\n`);
		this.#say(content, length);
		this.#say('\n');
	}

	#say(content: string | Uint8Array, length = content.length): void {
		this.#waiting.push(content);
		this.#waitingBytes += length;
	}

	async #send(): Promise<void> {
		const bytes = Buffer.concat(
			this.#waiting.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
		);
		this.#waiting = [];
		this.#waitingBytes = 0;
		if (this.#child.stdin.write(bytes) || this.#child.stdin.destroyed) return;
		await Promise.race([once(this.#child.stdin, 'drain'), this.#ended]);
	}
}

/** A path as fast-import reads it: quoted the way C does. */
function quoted(path: string): string {
	return `"${path.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
