import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '#shared/api/errors.ts';
import { ConfigError } from '../config.ts';

/** What an operator's command cannot do, in a sentence for the one who typed it. */
export class OperatorError extends Error {
	constructor(message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = 'OperatorError';
	}
}

/** Runs what an operator typed. What they can mend is said in a sentence; anything else is a bug and shows itself. */
export async function runCommand(work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		const isTheirs =
			error instanceof OperatorError ||
			error instanceof ConfigError ||
			error instanceof CommandError;
		if (!isTheirs) throw error;
		process.stderr.write(`${error.message}\n`);
		process.exitCode = 1;
	}
}

/** Throws unless a server has worked in the data folder: a command with a wrong folder makes no new one. */
export function checkHome(home: string): void {
	if (!existsSync(join(home, 'tables.db')))
		throw new OperatorError(`There is no data in ${home}. FLYWHEEL_HOME names the data folder.`);
}
