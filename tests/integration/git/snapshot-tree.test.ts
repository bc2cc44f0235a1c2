import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runGit } from '#sync-server/git/run-git.ts';
import { GitWorld } from './git-world.ts';

let world: GitWorld;

beforeAll(async () => {
	world = await GitWorld.open();
});
afterAll(() => world.close());

const index = fc.nat(40);
const step = fc.oneof(
	fc.record({ kind: fc.constant('item' as const), index }),
	fc.record({
		kind: fc.constant('answer' as const),
		index,
		option: fc.constantFrom('positive', 'negative'),
	}),
	fc.record({ kind: fc.constant('withdraw' as const), index, isWithdrawn: fc.boolean() }),
	fc.record({ kind: fc.constant('snapshot' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

let project = '';
const item = (number: number) => ({ id: `i${number}`, data: { text: `Text ${number}` } });
const known = new Set<number>();

async function apply(one: Step): Promise<void> {
	switch (one.kind) {
		case 'item':
			known.add(one.index);
			return world.import(project, [item(one.index)]);
		case 'answer':
			known.add(one.index);
			return world.import(project, [
				{ ...item(one.index), answer: { values: { sentiment: one.option } } },
			]);
		case 'withdraw':
			if (!known.has(one.index)) return;
			return world.tables.items.withdraw({
				project,
				item: `i${one.index}`,
				isWithdrawn: one.isWithdrawn,
			});
		case 'snapshot':
			await world.repositories.snapshot({ project, name: 'main', message: '', by: 'ada' });
	}
}

async function treeOf(name: string): Promise<string> {
	const { commit } = await world.repositories.snapshot({ project, name, message: '', by: 'ada' });
	const args = ['rev-parse', `${commit}^{tree}`];
	return (await runGit(world.repositories.folderOf(project), args)).toString();
}

test('whatever happened between snapshots, the tree is what the corpus alone says', async () => {
	let round = 0;
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 15 }), async (steps) => {
			project = `p${(round += 1)}`;
			known.clear();
			await world.project(project);
			for (const one of steps) await apply(one);
			expect(await treeOf('main')).toBe(await treeOf('whole'));
		}),
		{ numRuns: 8 },
	);
});
