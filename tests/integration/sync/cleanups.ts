import { afterEach } from 'vitest';
import { startSyncServer, type SyncServer, type SyncServerOptions } from './sync-server.ts';

/** What a test has opened. */
export interface Cleanups {
	push(cleanup: () => Promise<void> | void): void;
}

/** Closes what a test has opened once it is over, the last first. Call it once in a file, outside its tests. */
export function cleanUpAfterEach(): Cleanups {
	const cleanups: (() => Promise<void> | void)[] = [];
	afterEach(async () => {
		for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
	});
	return { push: (cleanup) => void cleanups.push(cleanup) };
}

/** Starts servers, with these options where nothing else is said; they are closed with everything else. */
export function serversIn(
	cleanups: Cleanups,
	usual: SyncServerOptions = {},
): (options?: SyncServerOptions) => Promise<SyncServer> {
	return async (options = {}) => {
		const started = await startSyncServer({ ...usual, ...options });
		cleanups.push(() => started.close());
		return started;
	};
}
