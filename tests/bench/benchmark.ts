/** What a run was asked for. */
export interface BenchmarkOptions {
	/** `--quick`: once, in short, to see that it works; its numbers are no results. */
	readonly isQuick: boolean;
	/** `--only=WORD`: only the cases that have the word in their name. */
	readonly only: string | undefined;
}

/** One benchmark: what it measures and how, for RESULTS.md and for whoever runs it. */
export interface Benchmark {
	readonly name: string;
	/** How it measures, in a sentence or two. */
	readonly method: string;
	run(options: BenchmarkOptions): Promise<readonly Figure[]>;
}

/** One measured number with the bar it is held against. */
export interface Figure {
	readonly what: string;
	readonly value: number;
	readonly unit: string;
	/** What the product promises. A figure without one is told for information. */
	readonly bar?: {
		readonly at: 'most' | 'least';
		readonly value: number;
		/** Where it comes from, when it is not a number of its own: `1.5 × hocuspocus`. */
		readonly from?: string;
	};
	/** The same number of others, measured in the same run. */
	readonly beside?: readonly { readonly who: string; readonly value: number }[];
}

/** Whether a figure keeps its bar; a figure without one always does. A number that is none keeps none. */
export function keepsBar({ value, bar }: Figure): boolean {
	if (!bar) return true;
	return bar.at === 'most' ? value <= bar.value : value >= bar.value;
}

/** The value below which a share of the sorted values lie (nearest rank). NaN for none. */
export function quantile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return (
		sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? NaN
	);
}
