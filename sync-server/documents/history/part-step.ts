import type { Change } from '#shared/corpus/earlier.ts';

/** What one update, or somebody's typing, did to an item. */
export interface PartStep {
	readonly seq: number;
	readonly at: number;
	readonly user: string;
	readonly changes: readonly Change[];
	readonly left?: number;
}
