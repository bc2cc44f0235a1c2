/** One line of an import (design §5) as a sample gives it: `answer` where it comes labeled already. */
export interface SampleItem {
	readonly id: string;
	readonly data: Readonly<Record<string, string | SampleMedia>>;
	readonly meta: Readonly<Record<string, string>>;
	readonly answer?: SampleAnswer;
}

interface SampleMedia {
	readonly blob: string;
	readonly type: 'image/png';
}

export interface SampleAnswer {
	readonly values: Readonly<Record<string, string>>;
}

/** A project with real data that a first start creates. */
export interface Sample {
	/** The project's id: also the slug of its name. */
	readonly id: string;
	readonly name: string;
	/** The labeling schema, not yet parsed. */
	readonly schema: unknown;
	/** A folder, with a slash at its end: its files are the first commit on `main`. */
	readonly repository: URL;
	/** Every item once, in an order that mixes sources and classes; the labeled ones are spread among them. */
	items(): Iterable<SampleItem>;
	/** The answer of every item, also of those left to label: for measuring, never for seeding. */
	answers(): ReadonlyMap<string, SampleAnswer>;
	/** The bytes of a media file that an item names. */
	blob(sha256: string): Uint8Array | undefined;
	/** Who made the data and under which licence, in one sentence. */
	readonly credit: string;
}
