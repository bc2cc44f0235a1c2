import type { BatchPurpose } from '#shared/replica/rows.ts';
import { writeItemFilter, type ItemFilter } from './item-filter.ts';

/** The most items in one batch (design §2). */
const batchItems = 500;

/** What a lead fills in to make batches. */
export interface NewBatchForm {
	readonly name: string;
	readonly purpose: BatchPurpose;
	readonly by: 'oldest' | 'random' | 'filter';
	readonly filter: ItemFilter;
	readonly count: number;
	readonly members: readonly string[];
	/** How many batches each item is in. */
	readonly overlap: number;
	readonly isBlind: boolean;
}

/** Which items a purpose takes when they are not filtered, as the server chooses them. */
export const standingWords: Readonly<Record<BatchPurpose, string>> = {
	label: 'to label',
	fix: 'labeled',
	audit: 'labeled',
	review: 'waiting',
};

/** What keeps the form from being sent; undefined when nothing does. */
export function formProblem(form: NewBatchForm): string | undefined {
	if (form.members.length === 0) return 'Choose at least one member.';
	if (!Number.isInteger(form.count) || form.count < 1) return 'How many items: at least one.';
	if (form.count > 10_000) return 'How many items: 10,000 at most.';
	if (form.isBlind && form.members.length < form.overlap)
		return `A blind round in which ${form.overlap} people answer each item needs ${form.overlap} members.`;
	return undefined;
}

/** The body of `POST …/batches`. */
export function batchRequest(form: NewBatchForm): unknown {
	const name = form.name.trim();
	return {
		purpose: form.purpose,
		choose: {
			by: form.by,
			count: form.count,
			...(form.by === 'filter' ? { filter: Object.fromEntries(writeItemFilter(form.filter)) } : {}),
		},
		members: form.members,
		overlap: form.overlap,
		blind: form.isBlind,
		...(name === '' ? {} : { name }),
	};
}

/** How many batches that makes, were there enough items. */
export function batchesMade({ count, overlap }: Pick<NewBatchForm, 'count' | 'overlap'>): number {
	return Math.max(1, Math.ceil(count / batchItems)) * overlap;
}
