import type { Logger } from 'pino';

/** What a shell says of a program that a signal ended: 128 and its number. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof exitCodes;
const signals = Object.keys(exitCodes) as Signal[];

/** A terminal sends Ctrl-C to npm and to us, and npm passes it on: so close together they are one. */
const repeatMs = 1000;

/**
 * How the server's process ends, and what it says of it. A signal closes everything in order; the same again,
 * a second later, does not wait for that. A bug ends it at once: what was acknowledged is on disk, whatever
 * happens to memory. What ends nothing, but should be seen, is said too.
 */
export class Ending {
	readonly #logger: Logger;
	#close: (() => Promise<void>) | undefined;
	/** When the first signal came, in milliseconds that pass. */
	#since: number | undefined;

	constructor(logger: Logger) {
		this.#logger = logger;
		for (const signal of signals) process.on(signal, () => this.#hear(signal));
		process.on('uncaughtException', (error) =>
			this.now('the server ends: nobody caught this', error),
		);
		// One request or one person is worse off for it; to end would make it everybody.
		process.on('unhandledRejection', (error) =>
			logger.error({ err: error }, 'something failed, and nobody waited for it'),
		);
	}

	/** What a signal does from now on, before the process ends. */
	closeWith(close: () => Promise<void>): void {
		this.#close = close;
	}

	/** Ends the process at once with a failure, and says why. */
	now(what: string, error: unknown): never {
		this.#logger.fatal({ err: error }, what);
		process.exit(1);
	}

	#hear(signal: Signal): void {
		const now = performance.now();
		if (this.#since !== undefined) {
			if (now - this.#since < repeatMs) return;
			this.#logger.warn({ signal }, 'the server ends without closing: it was told to twice');
			process.exit(exitCodes[signal]);
		}
		this.#since = now;
		this.#logger.warn({ signal }, 'the server closes');
		if (!this.#close) process.exit(exitCodes[signal]);
		this.#close().then(
			() => process.exit(0),
			(error: unknown) => this.now('the server could not close', error),
		);
	}
}
