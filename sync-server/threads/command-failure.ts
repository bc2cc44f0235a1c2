import { CommandError, errorTable, type ErrorCode } from '#shared/api/errors.ts';
import { messageOf, type ThreadFailure } from './serve-calls.ts';
import { ThreadError } from './thread-caller.ts';

/** What a thread tells of something thrown, so that `commandErrorOf` gives a CommandError back as what it was. */
export function commandFailure(error: unknown): ThreadFailure {
	return {
		message: messageOf(error),
		...(error instanceof CommandError && { code: error.code }),
	};
}

/** The failure of a command in a thread, as its caller has it. */
export function commandErrorOf(failure: ThreadFailure): Error {
	const { code, message } = failure;
	return isErrorCode(code) ? new CommandError(code, message) : new ThreadError(failure);
}

function isErrorCode(code: string | undefined): code is ErrorCode {
	return code !== undefined && Object.hasOwn(errorTable, code);
}
