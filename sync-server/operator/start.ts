import { buildIfStale } from './build-if-stale.ts';
import { serverEnvironment, serverFlags, serverProgram } from './server-command.ts';

/** `npm start`: builds what is missing or stale, then becomes the server: same process, so signals reach it. */
try {
	buildIfStale();
} catch (error) {
	process.stderr.write(`${(error as Error).message}\nRun npm ci first, then npm start again.\n`);
	process.exit(1);
}
process.execve?.(process.execPath, [process.execPath, ...serverFlags, serverProgram], {
	...process.env,
	...serverEnvironment,
});
