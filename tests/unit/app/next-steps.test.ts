import { describe, expect, test } from 'vitest';
import { nextSteps, type Situation } from '#app/model/next-steps.ts';
import type { Row } from '#shared/replica/rows.ts';

const summary: Row<'summaries'> = {
	id: 'p',
	project: 'p',
	items: 100,
	pool: 90,
	inBatches: 0,
	waiting: 0,
	returned: 0,
	toSettle: 0,
	corpus: 10,
	sinceSnapshot: 10,
	classes: {},
	people: 1,
};
const owner: Situation = {
	me: 'u',
	canReview: true,
	canLead: true,
	canCode: true,
	canLabel: true,
	summary,
	batches: [],
	snapshots: [],
	runs: [],
};
const kinds = (now: Situation): string[] => nextSteps(now).map((step) => step.kind);

describe('the next useful thing', () => {
	test('an empty project asks for data first', () => {
		expect(kinds({ ...owner, summary: { ...summary, items: 0, pool: 0, corpus: 0 } })[0]).toBe(
			'import',
		);
	});
	test('what people disagree on comes before what waits', () => {
		expect(
			kinds({ ...owner, summary: { ...summary, toSettle: 2, waiting: 5 } }).slice(0, 2),
		).toEqual(['settle', 'review']);
	});
	test('a labeler is offered labeling and nothing they may not do', () => {
		const labeler = {
			...owner,
			canReview: false,
			canLead: false,
			canCode: false,
			summary: undefined,
		};
		expect(kinds(labeler)).toEqual(['take']);
	});
	test('new answers ask for a snapshot until one froze them', () => {
		expect(kinds(owner)).toContain('snapshot');
	});
	test('a viewer has nothing to do', () => {
		expect(
			kinds({ ...owner, canReview: false, canLead: false, canCode: false, canLabel: false }),
		).toEqual([]);
	});
	test('a lead decides on what came late, in the one batch or over all of them', () => {
		const closed = (id: string, late: number) =>
			({
				id,
				name: `Batch ${id}`,
				state: 'closed',
				members: [],
				late,
			}) as unknown as Row<'batches'>;
		const late = (batches: Row<'batches'>[], canLead = true) =>
			nextSteps({ ...owner, canLead, batches }).find(({ kind }) => kind === 'late');
		expect(late([closed('a', 0)])).toBeUndefined();
		expect(late([closed('a', 1)], false)).toBeUndefined();
		expect(late([closed('a', 1), closed('b', 0)])).toMatchObject({
			title: 'Decide on 1 late answer',
			path: '/label/late?batch=a',
		});
		expect(late([closed('a', 1), closed('b', 2)])).toMatchObject({
			title: 'Decide on 3 late answers',
			path: '/label/late',
		});
	});
});
