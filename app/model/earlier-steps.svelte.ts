import type { EarlierPage } from '#shared/api/replies.ts';
import { takeBack, type Authored, type EarlierStep } from '#shared/corpus/earlier.ts';
import type { Answer } from '#shared/schema/answer.ts';

/** A step, and the draft as it was after it; undefined where too much changed at once to tell. */
export interface ShownStep {
	readonly step: EarlierStep;
	readonly draft: Answer | undefined;
}

/** What was written about an item in one batch, read page by page as somebody looks further back. */
export class EarlierSteps {
	readonly #fetchPage: (before: string | undefined, signal: AbortSignal) => Promise<EarlierPage>;
	readonly #abort = new AbortController();
	#steps = $state.raw<readonly ShownStep[]>([]);
	/** The page that was read last: what it says of the batch is the newest. */
	#page = $state.raw<EarlierPage>();
	#authored = $state.raw<readonly Authored[]>([]);
	#failure = $state.raw<unknown>();
	#isBusy = $state(false);

	constructor(
		fetchPage: (before: string | undefined, signal: AbortSignal) => Promise<EarlierPage>,
	) {
		this.#fetchPage = fetchPage;
		void this.more();
	}

	/** Newest first. */
	get steps(): readonly ShownStep[] {
		return this.#steps;
	}

	/** Who wrote what stands there now. */
	get authored(): readonly Authored[] {
		return this.#authored;
	}

	/** What the server said beside the steps; undefined before it said anything. */
	get page(): EarlierPage | undefined {
		return this.#page;
	}

	get hasMore(): boolean {
		return this.#page?.next !== undefined;
	}

	get isBusy(): boolean {
		return this.#isBusy;
	}

	/** Why the last page did not come; asking again tries again. */
	get failure(): unknown {
		return this.#failure;
	}

	/** Reads what came before the oldest step; at first, the newest. */
	async more(): Promise<void> {
		if (this.#isBusy || (this.#page && !this.hasMore)) return;
		this.#isBusy = true;
		this.#failure = undefined;
		try {
			const page = await this.#fetchPage(this.#page?.next, this.#abort.signal);
			if (this.#page === undefined) this.#authored = page.authored;
			this.#page = page;
			this.#steps = [...this.#steps, ...shownSteps(page, this.#isTold)];
		} catch (error) {
			if (!this.#abort.signal.aborted) this.#failure = error;
		} finally {
			this.#isBusy = false;
		}
	}

	stop(): void {
		this.#abort.abort();
	}

	/** Nothing was left out so far: what was before can be told. */
	get #isTold(): boolean {
		return this.#steps.every(({ step }) => step.left === undefined);
	}
}

function shownSteps({ steps, draft }: EarlierPage, isTold: boolean): ShownStep[] {
	let then = isTold ? draft : undefined;
	return steps.map((step) => {
		const shown = { step, draft: then };
		then = then && step.left === undefined ? takeBack(then, step.changes) : undefined;
		return shown;
	});
}
