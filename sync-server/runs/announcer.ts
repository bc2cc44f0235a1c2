import type { Tables } from '../tables/tables.ts';

/** A run's row goes to the replicas this often at most, however fast its metrics come. */
const everyMs = 400;

export interface AnnouncerOptions {
	readonly tables: Pick<Tables, 'runs'>;
	/** Tells pages that look at the run that its metrics or log grew. */
	readonly hint: (run: string) => void;
	readonly onFault: (error: unknown) => void;
}

/** Tells the world that runs grew: at once, then at most a few times a second, and always a last time. */
export class Announcer {
	readonly #options: AnnouncerOptions;
	readonly #resting = new Map<string, { timer: NodeJS.Timeout; again: boolean }>();

	constructor(options: AnnouncerOptions) {
		this.#options = options;
	}

	grew(run: string): void {
		const rest = this.#resting.get(run);
		if (rest) {
			rest.again = true;
			return;
		}
		this.#tell(run);
		const timer = setTimeout(() => {
			const { again } = this.#resting.get(run)!;
			this.#resting.delete(run);
			if (again) this.grew(run);
		}, everyMs);
		timer.unref();
		this.#resting.set(run, { timer, again: false });
	}

	#tell(run: string): void {
		this.#options.hint(run);
		this.#options.tables.runs.announce(run).catch(this.#options.onFault);
	}

	close(): void {
		for (const { timer } of this.#resting.values()) clearTimeout(timer);
		this.#resting.clear();
	}
}
