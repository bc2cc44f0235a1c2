import { CommandError } from '#shared/api/errors.ts';

const codes: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The failure as callers are told it: `disk_full` where the disk took no more, else as it is. */
export function asDiskFull(error: unknown): unknown {
	return codes.has((error as NodeJS.ErrnoException | undefined)?.code)
		? new CommandError('disk_full', 'The disk of the server is full.', { cause: error })
		: error;
}
