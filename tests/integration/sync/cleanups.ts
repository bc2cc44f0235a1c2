import { afterEach } from 'vitest';
import { startSyncServer, type SyncServer } from './sync-server.ts';

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

/** Starts servers that are closed with everything else. */
export function serversIn(
	cleanups: Cleanups,
): (options?: Parameters<typeof startSyncServer>[0]) => Promise<SyncServer> {
	return async (options = {}) => {
		const started = await startSyncServer(options);
		cleanups.push(() => started.close());
		return started;
	};
}
