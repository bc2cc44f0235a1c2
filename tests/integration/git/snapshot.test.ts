import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import fs from 'node:fs';
import { join } from 'node:path';
import git from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepBlob } from '#sync-server/blobs/keep-blob.ts';
import { runGit } from '#sync-server/git/run-git.ts';
import { GitWorld } from './git-world.ts';

let world: GitWorld;

beforeAll(async () => {
	world = await GitWorld.open();
});
afterAll(() => world.close());

function item(index: number, option?: string): object {
	return {
		id: `item-${index}`,
		data: { text: `Text number ${index} – with “quotes”` },
		...(option === undefined ? {} : { answer: { values: { sentiment: option } } }),
	};
}

const items = (from: number, to: number, option?: string): object[] =>
	Array.from({ length: to - from }, (_, index) => item(from + index, option));

const take = (project: string, message = '', name = 'main') =>
	world.repositories.snapshot({ project, name, message, by: 'ada' });

async function inRepository(project: string, ...args: string[]): Promise<string> {
	return (await runGit(world.repositories.folderOf(project), args)).toString().trim();
}

const treeOf = (project: string, commit: string) =>
	inRepository(project, 'rev-parse', `${commit}^{tree}`);

describe('a snapshot', () => {
	test('is a commit on datasets/<name> with a tag and a row', async () => {
		await world.project('plain');
		await world.import('plain', [
			...items(0, 60, 'positive'),
			...items(60, 90, 'negative'),
			...items(90, 120),
		]);
		const { commit, tag, isNew } = await take('plain', 'The first one');
		expect({ tag, isNew }).toEqual({ tag: 'snapshots/main/1', isNew: true });
		expect(await inRepository('plain', 'rev-parse', 'datasets/main', tag)).toBe(
			`${commit}\n${commit}`,
		);
		expect(await world.repositories.resolveData('plain', 'main')).toBe(commit);
		const [row] = await world.tables.snapshots.list('plain');
		const { train, valid, gate, pool } = row!.counts;
		expect(train + valid + gate).toBe(90);
		expect(pool).toBe(30);
		expect(row).toMatchObject({ id: commit, number: 1, by: 'ada', message: 'The first one' });
		expect(row!.changed).toEqual({ added: 90, changed: 0, removed: 0 });
		const message = await inRepository('plain', 'log', '-1', '--format=%an <%ae>%n%B', commit);
		expect(message).toContain(
			'The ada <ada@flywheel>\nThe first one\n\nAnswers: 90 added, 0 changed, 0 removed.',
		);
	});

	test('holds every item once, readable in a clone, without an address of a person', async () => {
		const said = await world.git(
			'.',
			'clone',
			'-q',
			'-b',
			'datasets/main',
			world.remote('plain'),
			'plain',
		);
		expect(said.exitCode).toBe(0);
		const folder = join(world.folder, 'plain');
		const lines: Record<string, unknown[]> = {};
		for (const kind of ['items', 'gate', 'pool']) {
			lines[kind] = [];
			for (const name of await readdir(join(folder, kind))) {
				expect(name).toMatch(/^[0-3]{2}\.jsonl$/);
				const text = await readFile(join(folder, kind, name), 'utf8');
				for (const line of text.trimEnd().split('\n')) lines[kind].push(JSON.parse(line));
			}
		}
		const all = Object.values(lines).flat() as { id: string }[];
		expect(all.map(({ id }) => id).sort()).toEqual(
			items(0, 120)
				.map((one) => (one as { id: string }).id)
				.sort(),
		);
		expect(lines['items']).toContainEqual(
			expect.objectContaining({
				by: ['ada'],
				source: 'import',
				answer: expect.objectContaining({ values: { sentiment: 'positive' } }) as unknown,
			}),
		);
		expect(lines['pool']).not.toContainEqual(
			expect.objectContaining({ answer: expect.anything() as unknown }),
		);
		const dataset = JSON.parse(await readFile(join(folder, 'dataset.json'), 'utf8')) as {
			counts: object;
		};
		expect(dataset.counts).toEqual((await world.tables.snapshots.list('plain'))[0]!.counts);
	});

	test('without a change is the one that is there', async () => {
		const first = await world.repositories.resolveData('plain', 'main');
		expect(await take('plain', 'Again')).toEqual({
			commit: first,
			tag: 'snapshots/main/1',
			isNew: false,
		});
		expect(await world.tables.snapshots.list('plain')).toHaveLength(1);
	});

	test('on top of another is the tree that a whole one would be', async () => {
		await world.import('plain', [
			...items(0, 3, 'negative'),
			...items(95, 99, 'positive'),
			...items(120, 125),
		]);
		await world.tables.items.withdraw({ project: 'plain', item: 'item-50', isWithdrawn: true });
		const second = await take('plain', 'More');
		expect(second.tag).toBe('snapshots/main/2');
		const [row] = await world.tables.snapshots.list('plain');
		expect(row!.changed).toEqual({ added: 4, changed: 3, removed: 1 });
		const whole = await take('plain', 'Beside it', 'other');
		expect(await treeOf('plain', whole.commit)).toBe(await treeOf('plain', second.commit));
		const files = await inRepository(
			'plain',
			'diff',
			'--name-only',
			`${second.commit}^`,
			second.commit,
		);
		expect(files.split('\n').length).toBeLessThan(30);
	});

	test('of an item gone from a shard alone takes the file away', async () => {
		await world.project('lone');
		await world.import('lone', [item(1, 'positive')]);
		await take('lone');
		await world.tables.items.withdraw({ project: 'lone', item: 'item-1', isWithdrawn: true });
		const { commit } = await take('lone');
		expect(await inRepository('lone', 'ls-tree', '-r', '--name-only', commit)).toBe(
			'.gitattributes\ndataset.json',
		);
		await world.tables.items.withdraw({ project: 'lone', item: 'item-1', isWithdrawn: false });
		const back = await take('lone');
		expect(await treeOf('lone', back.commit)).toBe(await treeOf('lone', `${commit}^`));
	});

	test('is the same, whole or on top, when shards get another number of digits', async () => {
		await world.project('grown');
		await world.import('grown', items(0, 6000, 'positive'));
		await take('grown');
		await world.import('grown', [...items(6000, 7000, 'negative'), ...items(0, 10, 'negative')]);
		const { commit } = await take('grown');
		const [row] = await world.tables.snapshots.list('grown');
		expect(row!.changed).toEqual({ added: 1000, changed: 10, removed: 0 });
		expect(await inRepository('grown', 'ls-tree', '--name-only', commit, 'items/')).toMatch(
			/^(items\/[0-3]{3}\.jsonl\n?)+$/,
		);
		const whole = await take('grown', '', 'other');
		expect(await treeOf('grown', whole.commit)).toBe(await treeOf('grown', commit));
	});

	test('carries media as LFS pointers, and drops them with their last item', async () => {
		await world.project('media');
		const shas: string[] = [];
		for (const text of ['one', 'two']) {
			const bytes = (async function* () {
				yield Buffer.from(text);
				await Promise.resolve();
			})();
			const { sha256 } = await keepBlob(
				{ blobs: world.blobStore, tables: world.tables },
				{ project: 'media', bytes },
			);
			shas.push(sha256);
		}
		const shown = (id: string, sha256: string) => ({
			id,
			data: { image: { blob: sha256, type: 'text/plain' } },
		});
		await world.import('media', [shown('a', shas[0]!), shown('b', shas[0]!), shown('c', shas[1]!)]);
		const first = await take('media');
		const path = (sha256: string) => `media/${sha256.slice(0, 2)}/${sha256}.txt`;
		const paths = async (commit: string) =>
			(await inRepository('media', 'ls-tree', '-r', '--name-only', commit, 'media/')).split('\n');
		expect(await paths(first.commit)).toEqual(shas.map(path).sort());
		expect(await inRepository('media', 'show', `${first.commit}:${path(shas[0]!)}`)).toBe(
			`version https://git-lfs.github.com/spec/v1\noid sha256:${shas[0]}\nsize 3`,
		);
		await world.tables.items.withdraw({ project: 'media', item: 'a', isWithdrawn: true });
		await world.tables.items.withdraw({ project: 'media', item: 'c', isWithdrawn: true });
		const second = await take('media');
		expect(await paths(second.commit)).toEqual([path(shas[0]!)]);
	});

	test('whose row a crash took is entered again from git', async () => {
		await world.project('crashed');
		await world.import('crashed', items(0, 10, 'positive'));
		const { commit, tag } = await take('crashed', 'Before the crash\n\nwith a second paragraph');
		const [row] = await world.tables.snapshots.list('crashed');
		const again = await GitWorld.open();
		try {
			await again.project('crashed');
			await fs.promises.rm(again.repositories.folderOf('crashed'), { recursive: true });
			await fs.promises.cp(
				world.repositories.folderOf('crashed'),
				again.repositories.folderOf('crashed'),
				{ recursive: true },
			);
			await again.repositories.reconcile();
			expect(await again.tables.snapshots.list('crashed')).toEqual([{ ...row, revision: 0 }]);
			expect(await again.tables.snapshots.find(commit)).toMatchObject({ tag });
		} finally {
			await again.close();
		}
	});

	test('reads as one state, however the corpus moves meanwhile', async () => {
		const reading = await world.tables.snapshots.beginReading('plain', 0);
		await world.import('plain', items(200, 210, 'positive'));
		const all = await world.tables.snapshots.readShards({
			reading: reading!.reading,
			ranges: [{ from: 0, to: 4096 }],
		});
		const { counts } = await world.tables.snapshots.tally(reading!.reading);
		await world.tables.snapshots.endReading(reading!.reading);
		const { train, valid, gate, pool } = counts;
		expect(all).toHaveLength(train + valid + gate + pool);
	});

	test('is taken once when several ask at once', async () => {
		const taken = await Promise.all(Array.from({ length: 4 }, () => take('plain', 'At once')));
		expect(new Set(taken.map(({ commit }) => commit)).size).toBe(1);
		expect(taken.filter(({ isNew }) => isNew)).toHaveLength(1);
	});

	test('is refused under a name that git would not take', async () => {
		await expect(take('plain', '', '../main')).rejects.toMatchObject({ code: 'bad_request' });
		await expect(take('nowhere')).rejects.toThrow();
	});

	test('is cloned by isomorphic-git as well', async () => {
		const dir = await mkdtemp(join(world.folder, 'iso-'));
		await git.clone({
			fs,
			http,
			dir,
			url: `${world.url}/git/plain.git`,
			ref: 'datasets/main',
			singleBranch: true,
			depth: 1,
			onAuth: () => ({ username: 'x', password: 'ada-token' }),
		});
		expect(await readdir(dir)).toContain('dataset.json');
	});
});
