import type { Api } from '#app/net/api.ts';
import type { LateEntry } from '#shared/api/replies.ts';
import { PagedRows } from './paged-rows.svelte.ts';

const pageRows = 100;

export type LateDecision = 'taken in' | 'set aside';

interface LatePage {
	readonly late: readonly LateEntry[];
	readonly next?: string;
	readonly total: number;
}

interface LateDeskOptions {
	readonly api: Api;
	readonly project: string;
	/** Only what was written in this batch. */
	readonly batch: string | undefined;
}

/**
 * What came after its batch was closed, and what this lead decides on it. A row that was decided stays where
 * it is and says so: a list that jumps under the pointer takes in the wrong answer.
 */
export class LateDesk extends PagedRows<LateEntry> {
	readonly #api: Api;
	readonly #project: string;
	#decided = $state.raw<ReadonlyMap<string, LateDecision>>(new Map());

	constructor({ api, project, batch }: LateDeskOptions) {
		super(async (after, signal) => {
			const query = new URLSearchParams({ limit: String(pageRows) });
			if (batch !== undefined) query.set('batch', batch);
			if (after !== undefined) query.set('after', after);
			const path = `/api/projects/${project}/late?${query}`;
			const { late, next, total } = await api.get<LatePage>(path, { signal });
			return { rows: late, total, ...(next === undefined ? {} : { next }) };
		});
		this.#api = api;
		this.#project = project;
	}

	/** How an entry stands now. */
	decisionOn(entry: LateEntry): LateDecision | undefined {
		return this.#decided.get(entry.submission) ?? (entry.setAside ? 'set aside' : undefined);
	}

	/** Entries on the page that nobody has decided on. */
	get undecided(): readonly LateEntry[] {
		return this.rows.filter((entry) => this.decisionOn(entry) === undefined);
	}

	async takeIn({ submission }: LateEntry): Promise<void> {
		await this.#decide(submission, { take: true }, 'taken in');
	}

	async setAside({ submission }: LateEntry, reason: string): Promise<void> {
		const because = reason.trim() === '' ? {} : { reason: reason.trim() };
		await this.#decide(submission, { take: false, ...because }, 'set aside');
	}

	/** Takes in these, one after the other: what fails leaves the rest undecided, and throws. */
	async takeInAll(entries: readonly LateEntry[]): Promise<void> {
		for (const entry of entries) await this.takeIn(entry);
	}

	async #decide(submission: string, body: object, decision: LateDecision): Promise<void> {
		await this.#api.post(`/api/projects/${this.#project}/late/${submission}`, body);
		this.#decided = new Map(this.#decided).set(submission, decision);
	}
}
