import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Y from 'yjs';
import { readDocument } from '#sync-server/log/compact-document.ts';
import { MemoryDisk, openMemoryLog } from '#sync-server/log/memory-log.ts';
import { openSqliteLog } from '#sync-server/log/sqlite/open-log.ts';
import type { StoredDocument, UpdateLog } from '#sync-server/log/update-log.ts';

/** Every document on the disk, by its path. */
export type DiskContent = ReadonlyMap<
	string,
	{ readonly stored: StoredDocument; readonly document: Y.Doc }
>;

/** What outlives the server: memory that can stall and fail like a disk, or a real folder. */
export class TestDisk {
	readonly #folder: string | undefined;
	#memory = new MemoryDisk();
	#release: (() => void) | undefined;

	constructor(store: 'memory' | 'sqlite') {
		this.#folder = store === 'sqlite' ? mkdtempSync(join(tmpdir(), 'world-')) : undefined;
	}

	get isHeld(): boolean {
		return this.#release !== undefined;
	}

	async open(): Promise<UpdateLog> {
		return this.#folder
			? openSqliteLog({ file: join(this.#folder, 'updates.db') })
			: openMemoryLog(this.#memory);
	}

	/** What is on it, read as a server reads it that starts now. */
	async read(paths: readonly string[]): Promise<DiskContent> {
		const log = await this.open();
		const content = new Map<string, { stored: StoredDocument; document: Y.Doc }>();
		for (const path of paths) {
			const { stored } = await log.open(path);
			content.set(path, { stored, document: readDocument(path, stored) });
		}
		await log.close();
		return content;
	}

	/** The next commit fails, before its bytes are there or after: then nobody knows what the disk has. */
	fail(keeps: boolean): void {
		const disk = this.#memory;
		disk.fault = () => {
			disk.fault = () => undefined;
			return { error: new Error('database or disk is full'), keeps };
		};
	}

	/** Reads and writes take long from now on. */
	hold(): void {
		if (this.#folder || this.#release) return;
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#memory.ready = promise;
		this.#release = resolve;
	}

	letGo(): void {
		this.#release?.();
		this.#release = undefined;
	}

	mend(): void {
		this.#memory.fault = () => undefined;
		this.letGo();
	}

	/**
	 * The process that wrote to it is killed. In memory what is not written by now never will be; on the real
	 * disk a commit on its way still ends, as it may in a kernel.
	 */
	async survive(log: UpdateLog): Promise<void> {
		const { ready: _ready, failure: _failure, fault: _fault, ...kept } = this.#memory;
		this.#memory = Object.assign(new MemoryDisk(), structuredClone(kept));
		this.letGo();
		if (this.#folder) await log.close();
	}

	remove(): void {
		if (this.#folder) rmSync(this.#folder, { recursive: true });
	}
}
