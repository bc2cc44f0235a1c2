import type { Flywheel } from '../../support/flywheel.ts';
import { lines, makeProject } from '../project.ts';

/** A project with batches to write in. */
export interface Workplace {
	readonly project: string;
	readonly batches: readonly string[];
	/** The names of its documents of answers. */
	readonly documents: readonly string[];
	/** The address of a document. */
	readonly url: (document: string) => string;
}

const itemsEach = 100;

/** The items of a batch. */
export function itemOf(batch: number, index: number): string {
	return `t${batch * itemsEach + (index % itemsEach)}`;
}

export async function makeWorkplace(flywheel: Flywheel, batchCount: number): Promise<Workplace> {
	const project = await makeProject(flywheel, 'Faults');
	await flywheel.importLines(project, lines(itemsEach * batchCount));
	const batches: string[] = [];
	for (let batch = 0; batch < batchCount; batch++) {
		const items = Array.from({ length: itemsEach }, (_, index) => itemOf(batch, index));
		batches.push(...(await flywheel.makeBatches(project, { items, members: ['owner'] })));
	}
	const origin = flywheel.direct.replace('http', 'ws');
	return {
		project,
		batches,
		documents: batches.map((batch) => `${project}/${batch}/answers`),
		url: (document) => `${origin}/sync/${document}?token=${flywheel.token}`,
	};
}
