import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperatorError } from './command.ts';

/** Somebody else works on the data folder. */
export class HomeInUse extends OperatorError {
	constructor(home: string) {
		super(
			`Another server works on ${home}. Stop it first, or set FLYWHEEL_HOME to another folder.`,
		);
		this.name = 'HomeInUse';
	}
}

/**
 * Takes a data folder for this process alone and returns what gives it back. The lock is the system's
 * (through SQLite), so it ends with the process, however that ends. Throws HomeInUse.
 */
export function lockHome(home: string): () => void {
	const lock = new DatabaseSync(join(home, 'lock.db'));
	try {
		lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
	} catch (cause) {
		lock.close();
		const isBusy = (cause as { errcode?: number }).errcode === 5;
		throw isBusy ? new HomeInUse(home) : cause;
	}
	return () => lock.close();
}
