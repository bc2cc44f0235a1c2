import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openFolderBlobStore } from '#sync-server/blobs/folder-blob-store.ts';
import { blobStoreSuite } from './blob-store-suite.ts';

blobStoreSuite('folder', async () => {
	const folder = await mkdtemp(join(tmpdir(), 'blobs-'));
	onTestFinished(() => rm(folder, { recursive: true }));
	return openFolderBlobStore(folder);
});
