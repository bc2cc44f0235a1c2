import type { Api } from '#app/net/api.ts';
import type { LogReply } from '#shared/api/replies.ts';
import { atMost, type Paced } from '#app/net/at-most.ts';
import { LogLines } from './log-lines.ts';

const everyMs = 500;
/** An answer of at least this much may not be all there is: more is asked for at once. */
const fullBytes = 128 * 1024;

/** The log of a run, read on from where it was whenever asked, at most twice a second. */
export class RunLog {
	readonly #paced: Paced;
	readonly #log = new LogLines();
	#next = 0;
	#lines = $state.raw<readonly string[]>([]);
	#isLoaded = $state(false);
	#isWhole = $state(false);
	#failure = $state.raw<unknown>();

	constructor(api: Api, run: string) {
		this.#paced = atMost(everyMs, async (signal) => {
			try {
				for (;;) {
					const { text, next, isEnded } = await api.get<LogReply>(
						`/api/runs/${run}/log?from=${this.#next}`,
						{ signal },
					);
					if (signal.aborted) return;
					const newBytes = next - this.#next;
					this.#next = next;
					this.#log.push(text);
					if (newBytes > 0) this.#lines = this.#log.lines;
					this.#isLoaded = true;
					this.#isWhole = isEnded;
					this.#failure = undefined;
					if (newBytes < fullBytes || isEnded) return;
				}
			} catch (error) {
				if (!signal.aborted) this.#failure = error;
			}
		});
	}

	get lines(): readonly string[] {
		return this.#lines;
	}

	/** Lines at the beginning that are no longer kept. */
	get dropped(): number {
		return this.#log.dropped;
	}

	get isLoaded(): boolean {
		return this.#isLoaded;
	}

	/** Nothing more will come. */
	get isWhole(): boolean {
		return this.#isWhole;
	}

	get failure(): unknown {
		return this.#failure;
	}

	ask(): void {
		if (!this.#isWhole) this.#paced.ask();
	}

	stop(): void {
		this.#paced.stop();
	}
}
