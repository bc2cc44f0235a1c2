import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { BlobStore } from './blobs/blob-store.ts';
import { openFolderBlobStore } from './blobs/folder-blob-store.ts';
import { DiskWatch } from './disk-watch.ts';
import { every } from './every.ts';
import { openSqliteLog } from './log/sqlite/open-log.ts';
import type { UpdateLog } from './log/update-log.ts';
import { lockHome } from './operator/home-lock.ts';
import { openTables } from './tables/sqlite/open-tables.ts';
import type { Tables } from './tables/tables.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
/** Changes kept for replicas that were away; who was away longer starts anew. */
const keptChanges = 300_000;

/** Everything that a server keeps in its data folder, but for the repositories. */
export interface Stores {
	readonly tables: Tables;
	readonly log: UpdateLog;
	readonly blobs: BlobStore;
	readonly disks: DiskWatch;
	/** Where the lines of archives wait; empty at the start. */
	readonly importsFolder: string;
	/** Begins to keep them tidy. Returns what ends that, once what is under way is over. */
	tidy(): () => Promise<void>;
	/** Lets go of them; nobody uses them any more. */
	close(): Promise<void>;
}

export interface StoresOptions {
	readonly home: string;
	/** How long folded updates are kept; 0: not at all. */
	readonly historyMs: number;
	readonly logger: Logger;
	/** The thread of a store died. */
	readonly onLost: (error: Error) => void;
	readonly onFault: (error: unknown) => void;
}

/** Locks the data folder. Throws HomeInUse; what comes back unlocks it. */
export async function takeHome(home: string): Promise<() => void> {
	await mkdir(home, { recursive: true });
	await chmod(home, 0o700);
	return lockHome(home);
}

/** Opens the stores in a data folder that nobody else has. */
export async function openStores(options: StoresOptions): Promise<Stores> {
	const { home, historyMs, logger, onLost, onFault } = options;
	const tables = await openTables({ file: join(home, 'tables.db'), onLost });
	await tables.imports.failAbandoned();
	const importsFolder = join(home, 'imports');
	await rm(importsFolder, { recursive: true, force: true }); // what a crash left there
	const blobs = await openFolderBlobStore(join(home, 'blobs'));
	const log = await openSqliteLog({ file: join(home, 'updates.db'), historyMs, onLost });
	const disks = new DiskWatch({ tables, documents: log }, logger);

	async function expireHistory(): Promise<void> {
		const { failures } = await log.expireHistory(Date.now());
		for (const failure of failures) onFault(failure);
	}

	return {
		tables,
		log,
		blobs,
		disks,
		importsFolder,
		tidy() {
			const chores = [
				every(minute, () => tables.imports.failAbandoned(), onFault),
				every(60 * minute, () => tables.accounts.sweep(new Date().toISOString()), onFault),
				every(60 * minute, () => tables.changes.prune(keptChanges), onFault),
				every(60 * minute, () => blobs.sweep(day), onFault),
				every(60 * minute, expireHistory, onFault),
			];
			return async () => {
				for (const stop of chores) await stop();
			};
		},
		async close() {
			await disks.close();
			await log.close();
			await tables.close();
		},
	};
}
