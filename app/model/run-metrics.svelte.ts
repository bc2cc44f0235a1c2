import type { Api } from '#app/net/api.ts';
import type { MetricSeries, MetricsReply } from '#shared/api/replies.ts';
import { atMost, type Paced } from '#app/net/at-most.ts';
import type { Range } from './chart-data.ts';

/** Twice a second is live to the eye. */
const everyMs = 500;

interface RunMetricsOptions {
	readonly api: Api;
	readonly run: string;
	/** All of them without. */
	readonly keys?: readonly string[];
	readonly points: number;
}

/** The curves of a run as they are drawn, read again when asked, at most twice a second. */
export class RunMetrics {
	readonly #paced: Paced;
	#range: Range | null = null;
	#current = $state.raw<MetricsReply | undefined>();
	#failure = $state.raw<unknown>();

	constructor({ api, run, keys, points }: RunMetricsOptions) {
		this.#paced = atMost(everyMs, async (signal) => {
			const query = new URLSearchParams({ points: String(points) });
			if (keys) query.set('keys', keys.join(','));
			if (this.#range) {
				const [from, to] = this.#range;
				// Half as much again on both sides, so that the line reaches the edges.
				query.set('from', String(from - (to - from) / 2));
				query.set('to', String(to + (to - from) / 2));
			}
			try {
				this.#current = await api.get<MetricsReply>(`/api/runs/${run}/metrics?${query}`, {
					signal,
				});
				this.#failure = undefined;
			} catch (error) {
				if (!signal.aborted) this.#failure = error;
			}
		});
	}

	/** What was read last, also when reading it again fails. */
	get current(): MetricsReply | undefined {
		return this.#current;
	}

	get failure(): unknown {
		return this.#failure;
	}

	seriesOf(key: string): MetricSeries | undefined {
		return this.#current?.series.find((series) => series.key === key);
	}

	/** Reads again: all of it, or finer within a range. */
	ask(range: Range | null): void {
		this.#range = range;
		this.#paced.ask();
	}

	stop(): void {
		this.#paced.stop();
	}
}
