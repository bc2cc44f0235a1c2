import type { Logger } from 'pino';
import { CommandError } from '#shared/api/errors.ts';
import { every } from './every.ts';
import { within } from './threads/within.ts';

const periodMs = 10_000;
/** A disk that takes longer to say anything is as good as one that failed. */
const silenceMs = 5000;

/** Something with a disk below it. */
interface Store {
	tryDisk(): Promise<void>;
}

/**
 * Looks after the disks below the stores. Looking is also what mends a store whose disk works again, so that
 * nobody has to start the server anew for it.
 */
export class DiskWatch {
	readonly #stores: Readonly<Record<string, Store>>;
	readonly #logger: Logger;
	/** What is wrong, by store. */
	readonly #troubles = new Map<string, CommandError>();
	readonly #answerMs: number;
	readonly #stop: () => Promise<void>;
	/** One look for everybody who asks meanwhile: a disk that does not answer is not asked ever more. */
	#looking: Promise<void> | undefined;

	constructor(
		stores: Readonly<Record<string, Store>>,
		logger: Logger,
		{ answerMs = silenceMs }: { readonly answerMs?: number } = {},
	) {
		this.#stores = stores;
		this.#logger = logger;
		this.#answerMs = answerMs;
		this.#stop = every(
			periodMs,
			() => this.#look(),
			(error) => logger.error({ err: error }, 'the disks could not be looked after'),
		);
	}

	/** Throws `disk_failed` or `disk_full` while one of the stores takes nothing. */
	async check(): Promise<void> {
		await this.#look();
		for (const trouble of this.#troubles.values()) throw trouble;
	}

	/** 1 for each store that takes nothing, 0 for the others, as they were found the last time. */
	failing(): Readonly<Record<string, number>> {
		return Object.fromEntries(
			Object.keys(this.#stores).map((name) => [name, Number(this.#troubles.has(name))]),
		);
	}

	async close(): Promise<void> {
		await this.#stop();
	}

	#look(): Promise<void> {
		this.#looking ??= this.#lookAtAll().finally(() => (this.#looking = undefined));
		return this.#looking;
	}

	async #lookAtAll(): Promise<void> {
		await Promise.all(
			Object.entries(this.#stores).map(async ([name, store]) =>
				this.#note(name, await this.#troubleOf(name, store)),
			),
		);
	}

	async #troubleOf(name: string, store: Store): Promise<CommandError | undefined> {
		try {
			await within(this.#answerMs, store.tryDisk());
			return undefined;
		} catch (cause) {
			if (cause instanceof CommandError) return cause;
			return new CommandError('disk_failed', `The disk below the ${name} does not answer.`, {
				cause,
			});
		}
	}

	#note(name: string, trouble: CommandError | undefined): void {
		const hadTrouble = this.#troubles.has(name);
		if (trouble) {
			this.#troubles.set(name, trouble);
			if (!hadTrouble)
				this.#logger.error({ store: name, err: trouble }, 'the disk failed: nothing is saved');
		} else if (this.#troubles.delete(name)) {
			this.#logger.warn({ store: name }, 'the disk works again');
		}
	}
}
