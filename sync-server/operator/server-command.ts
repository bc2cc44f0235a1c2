import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The program that serves. */
export const serverProgram = join(root, 'sync-server/main.ts');

/**
 * How Node runs it: a small young generation and code kept compact. The server waits for disks and sockets
 * far more than it computes; measured, this saves a third of its memory and costs an import a few percent.
 */
export const serverFlags = ['--max-semi-space-size=2', '--optimize-for-size'];

/**
 * One allocator arena more than one thread needs, instead of eight per core; and a cache of the compiled
 * sources, without which each thread carries a TypeScript compiler of about 20 MB.
 */
export const serverEnvironment = {
	MALLOC_ARENA_MAX: '2',
	NODE_COMPILE_CACHE: join(root, 'build/cache'),
};
