/** A day of labeling to be done in a page: batches with their items, and who works on them where. */
export interface DayOfWork {
	readonly epoch: string;
	readonly user: string;
	readonly batches: readonly { readonly document: string; readonly items: readonly string[] }[];
	readonly regionsEach: number;
}
