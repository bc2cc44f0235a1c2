import { CommandError } from '#shared/api/errors.ts';

const fullCodes: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const failedCodes: ReadonlySet<string | undefined> = new Set(['EIO', 'EROFS']);

/** SQLITE_FULL, and SQLITE_IOERR_WRITE, which is what a quota or a limit on files gives. */
const fullErrcodes: ReadonlySet<number | undefined> = new Set([13, 778]);
/** The low byte of SQLITE_IOERR and SQLITE_CANTOPEN, of any kind. */
const failedKinds: ReadonlySet<number> = new Set([10, 14]);

/** The failure as callers are told it: `disk_full` or `disk_failed` where the disk is at fault, else as it is. */
export function asDiskTrouble(error: unknown): unknown {
	const { code, errcode, message } = (error ?? {}) as NodeJS.ErrnoException & { errcode?: number };
	if (fullCodes.has(code) || fullErrcodes.has(errcode))
		return new CommandError('disk_full', 'The disk of the server is full.', { cause: error });
	// What SQLite says names no file; what the system says does.
	if (failedKinds.has((errcode ?? 0) & 0xff))
		return new CommandError('disk_failed', `The disk of the server failed: ${message}.`, {
			cause: error,
		});
	if (failedCodes.has(code))
		return new CommandError('disk_failed', 'The disk of the server failed.', { cause: error });
	return error;
}
