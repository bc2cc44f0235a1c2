import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { readConfig } from '../config.ts';
import { serve } from '../serve.ts';

/**
 * Starts the server once in an empty folder and ends it again, so that everything it is made of lies
 * compiled in the cache before the first real start.
 */
const home = await mkdtemp(join(tmpdir(), 'flywheel-dry-'));
try {
	const config = readConfig({
		...process.env,
		HOST: '127.0.0.1',
		PORT: '0',
		FLYWHEEL_HOME: home,
		FLYWHEEL_URL: '',
	});
	const served = await serve({ config, logger: pino({ level: 'silent' }), appFolder: home });
	await served.close();
} finally {
	await rm(home, { recursive: true, force: true });
}
