import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The program that serves. */
export const serverProgram = join(root, 'sync-server/main.ts');

/**
 * How Node runs it: enough room for young objects that what one storm of clients leaves behind is not taken for
 * old. Asked to optimise for size instead, V8 spent half of all processor time on collecting. What the room
 * costs at rest is given back (give-back.ts), which is what the second flag is for.
 */
export const serverFlags = ['--max-semi-space-size=16', '--expose-gc'];

/**
 * One allocator arena more than one thread needs, instead of eight per core; and a cache of the compiled
 * sources, without which each thread carries a TypeScript compiler of about 20 MB.
 */
export const serverEnvironment = {
	MALLOC_ARENA_MAX: '2',
	NODE_COMPILE_CACHE: join(root, 'build/cache'),
};
