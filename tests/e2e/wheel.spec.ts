import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { Flywheel, freePort } from '../support/flywheel.ts';
import { git, samplesReady, until } from '../support/turn-the-wheel.ts';
import { descendants, processes } from '../support/processes.ts';
import { Relay } from '../support/relay.ts';
import { badge, join, label, replicaHas, signIn, type Person } from './people.ts';

/**
 * The story of the product, told once from beginning to end on the real server, runner, git and git-lfs:
 * each test goes on where the one before it stopped.
 */
test.describe.configure({ mode: 'serial' });

let relay: Relay;
let flywheel: Flywheel;
let owner: Person;
let folder: string;
let clone: string;
let desk: string;
let labeled: string[] = [];

interface RunRow {
	readonly id: string;
	readonly state: string;
	readonly attempt: number;
	readonly quality: { readonly value: number; readonly n: number } | null;
	readonly createdAt: string;
	readonly attempts: readonly { readonly claimedAt: string }[];
	readonly modelBranch: string | null;
}

const run = (id: string): Promise<RunRow> => flywheel.call<RunRow>('GET', `/api/runs/${id}`);

test.beforeAll(async () => {
	const port = await freePort();
	relay = new Relay(port);
	await relay.open();
	flywheel = await Flywheel.start({ port, url: relay.url });
	folder = await mkdtemp(joinPath(tmpdir(), 'flywheel-story-'));
});

test.afterAll(async () => {
	await flywheel.remove();
	await relay.close();
	await rm(folder, { recursive: true, force: true });
});

test('1. the link signs in as owner; two sample projects are there', async ({ browser }) => {
	await samplesReady(flywheel);
	owner = await signIn(browser, flywheel, 'owner');
	await expect(owner.page.getByRole('link', { name: /Reviews/ })).toContainText('2,972 items');
	await expect(owner.page.getByRole('link', { name: /Fashion/ })).toContainText('1,000 items');
});

test('2a. fifty items by keyboard, twenty of them without a network, outlive the tab', async ({
	browser,
}) => {
	const { page } = owner;
	await page.getByRole('link', { name: /Reviews/ }).focus();
	await page.keyboard.press('Enter');
	await expect(page.getByRole('heading', { name: 'Next' })).toBeVisible();
	const take = page.getByRole('link', { name: 'Take a batch' });
	await take.focus();
	await page.keyboard.press('Enter');
	await expect(page.locator('[data-item]')).toBeVisible();
	desk = new URL(page.url()).pathname;

	labeled = await label(page, 30, 'pn');
	// A new version of the schema reaches this browser and takes nothing off the desk: the batch is pinned.
	const onDesk = await page.locator('[data-item]').getAttribute('data-item');
	const schema = JSON.parse(
		await readFile(
			new URL('../../sync-server/samples/reviews/schema.json', import.meta.url),
			'utf8',
		),
	) as object;
	await flywheel.call('PUT', '/api/projects/reviews/schema', { ...schema, instructions: 'Anew' });
	await expect.poll(() => replicaHas(page, 'schemas', 'reviews@2')).toBe(true);
	await expect(page.locator('[data-item]')).toHaveAttribute('data-item', onDesk!);
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');

	await relay.cut('reset');
	labeled.push(...(await label(page, 4, 'np')));
	await relay.cut('refused');
	labeled.push(...(await label(page, 8, 'pn')));
	await expect(badge(page)).toHaveAttribute('data-saved', 'device');
	await relay.open();
	await expect(badge(page)).toHaveAttribute('data-saved', 'server', { timeout: 60_000 });

	await relay.cut('black hole');
	labeled.push(...(await label(page, 8, 'pn')));
	await expect(badge(page)).toHaveAttribute('data-saved', 'device');

	// A second member labels meanwhile, over a network of their own.
	const second = await join(browser, flywheel, {
		project: 'reviews',
		name: 'Sara Labels',
		role: 'labeler',
		at: flywheel.direct,
	});
	await second.page.goto(`${flywheel.direct}/projects/reviews/label?take`);
	await expect(second.page.locator('[data-item]')).toBeVisible();
	expect(new URL(second.page.url()).pathname).not.toBe(desk);
	await label(second.page, 5, 'n');
	await expect(badge(second.page)).toHaveAttribute('data-saved', 'server');
	await second.context.close();

	await page.close();
	owner.page = await owner.context.newPage();
	await owner.page.goto(relay.url + desk);
	await expect(owner.page.locator('[data-item]')).toBeVisible();
	await expect(owner.page.getByText('50 of 100')).toBeVisible();
	await expect(badge(owner.page)).toHaveAttribute('data-saved', 'device');
});

test('2b. the network comes back and everything is on the server’s disk', async () => {
	await relay.open();
	await expect(badge(owner.page)).toHaveAttribute('data-saved', 'server', { timeout: 60_000 });
	// Nothing that only lived in memory survives this.
	await flywheel.kill();
	await flywheel.launch();
	const waiting = await until('the projection', async () => {
		const { entries, total } = await flywheel.call<{
			entries: { item: { id: string } }[];
			total: number;
		}>(
			'GET',
			`/api/projects/reviews/review?state=waiting&batch=${desk.split('/').at(-1)}&limit=100`,
		);
		return total === 50 ? entries.map(({ item }) => item.id) : undefined;
	});
	expect(new Set(waiting)).toEqual(new Set(labeled));
});

test('2c. a reviewer returns an answer; the labeler sees it live, corrects it, it is accepted', async ({
	browser,
}) => {
	const reviewer = await join(browser, flywheel, {
		project: 'reviews',
		name: 'Rhea Reviews',
		role: 'reviewer',
		at: flywheel.direct,
	});
	const batch = desk.split('/').at(-1)!;
	await reviewer.page.goto(`${flywheel.direct}/projects/reviews/review?batch=${batch}`);
	const shown = reviewer.page.locator('[data-item]');
	await expect(shown).toBeVisible();
	const item = (await shown.getAttribute('data-item'))!;
	await reviewer.page.keyboard.press('r');
	await reviewer.page.keyboard.type('Praise that is taken back counts as negative');
	await reviewer.page.keyboard.press('Enter');
	await expect(shown).not.toHaveAttribute('data-item', item);

	const { page } = owner;
	await expect(page.getByRole('button', { name: /, returned/ })).toHaveCount(1);
	await page.getByRole('button', { name: /, returned/ }).click();
	await expect(page.locator('[data-item]')).toHaveAttribute('data-item', item);
	await expect(page.getByRole('alert')).toContainText(
		'Praise that is taken back counts as negative',
	);
	await page.keyboard.press('n');
	await expect(page.getByRole('button', { name: /, returned/ })).toHaveCount(0);

	await reviewer.page.goto(
		`${flywheel.direct}/projects/reviews/review?batch=${batch}&item=${item}`,
	);
	await expect(shown).toHaveAttribute('data-item', item);
	await reviewer.page.keyboard.press('a');
	await until('the corrected answer in the corpus', async () => {
		const { item: row } = await flywheel.call<{
			item: { state: string; answer?: { values: Record<string, string> } };
		}>('GET', `/api/projects/reviews/items/${item}`);
		return row.state === 'labeled' && row.answer?.values['sentiment'] === 'negative'
			? row
			: undefined;
	});
	await reviewer.page.getByRole('button', { name: /Accept all/ }).click();
	await reviewer.page
		.getByRole('dialog')
		.getByRole('button', { name: /Accept/ })
		.click();
	await until('the whole batch in the corpus', async () => {
		const { total } = await flywheel.call<{ total: number }>(
			'GET',
			`/api/projects/reviews/items?state=labeled&batch=${batch}&limit=1`,
		);
		return total === 50 ? true : undefined;
	});
	await reviewer.context.close();
});

test('3. a snapshot is a commit that a stock client clones and reads', async () => {
	const { page } = owner;
	await page.goto(`${relay.url}/projects/reviews/snapshots?new`);
	await page.getByRole('dialog').getByLabel('What is new in it').fill('Fifty more');
	await page
		.getByRole('dialog')
		.getByRole('button', { name: /Freeze/ })
		.click();
	await expect(page.getByText('main · 1').first()).toBeVisible();

	await git(flywheel, folder, 'clone', '-q', `${flywheel.direct}/git/reviews.git`, 'clone');
	clone = joinPath(folder, 'clone');
	await git(flywheel, clone, 'lfs', 'install', '--local');
	await git(flywheel, clone, 'checkout', '-q', 'datasets/main');
	await git(flywheel, clone, 'lfs', 'pull');
	const lines: { id: string; answer: { values: { sentiment: string } }; by: string[] }[] = [];
	for (const part of ['items', 'gate'])
		for (const name of await readdir(joinPath(clone, part)))
			for (const line of (await readFile(joinPath(clone, part, name), 'utf8')).trim().split('\n'))
				lines.push(JSON.parse(line) as (typeof lines)[number]);
	const mine = new Map(lines.map((line) => [line.id, line]));
	for (const item of labeled)
		expect(mine.get(item)?.answer.values.sentiment).toMatch(/positive|negative/);
	expect(lines.length).toBe(650);
	expect(await git(flywheel, clone, 'log', '-1', '--format=%B')).toContain('Fifty more');
});

test('4. a push trains: the run starts within two seconds, its curve moves, its accuracy is real', async () => {
	await git(flywheel, clone, 'checkout', '-q', 'main');
	await git(flywheel, clone, 'checkout', '-q', '-b', 'train/first');
	const said = await git(flywheel, clone, 'push', 'origin', 'train/first');
	const [, id] = /\/projects\/reviews\/runs\/(\d+)/.exec(said) ?? [];
	expect(said).toContain(`${flywheel.url}/projects/reviews/runs/${id}`);
	const { page } = owner;
	await page.goto(`${relay.url}/projects/reviews/runs/${id}`);
	await expect(page.locator('canvas').first()).toBeVisible();
	const done = await until('the run', async () => {
		const row = await run(id!);
		return ['succeeded', 'failed', 'timed_out', 'cancelled'].includes(row.state) ? row : undefined;
	});
	expect(done.state).toBe('succeeded');
	// A runner has it within two seconds; what it then fetches takes as long as it takes.
	expect(Date.parse(done.attempts[0]!.claimedAt) - Date.parse(done.createdAt)).toBeLessThan(2000);
	expect(done.quality!.n).toBeGreaterThan(50);
	expect(done.quality!.value).toBeGreaterThan(0.65);
	await expect(page.getByText(`${(done.quality!.value * 100).toFixed(1)} %`).first()).toBeVisible();
});

test('5. the model checks out of git; its parameters came by LFS', async () => {
	await git(flywheel, clone, 'fetch', '-q');
	await git(flywheel, clone, 'checkout', '-q', 'model/first');
	expect(await git(flywheel, clone, 'lfs', 'ls-files')).toMatch(/model\//);
	expect(await readdir(clone)).toEqual(
		expect.arrayContaining(['flywheel.yml', 'train.mjs', 'predict.mjs', 'model']),
	);
	const sizes = await Promise.all(
		(await readdir(joinPath(clone, 'model'))).map((name) => stat(joinPath(clone, 'model', name))),
	);
	expect(Math.max(...sizes.map(({ size }) => size))).toBeGreaterThan(100_000);
	const predicted = promisify(execFile)(process.execPath, ['predict.mjs'], { cwd: clone });
	predicted.child.stdin!.end(
		`${JSON.stringify({ id: 'new', data: { text: 'An excellent, wonderful phone.' } })}\n`,
	);
	expect(JSON.parse((await predicted).stdout)).toMatchObject({
		item: 'new',
		answer: { values: { sentiment: 'positive' } },
	});
});

test('6. kill -9 of server and runner: no label lost, nothing left running, a curve without gap or double', async () => {
	await git(flywheel, clone, 'checkout', '-q', 'train/first');
	await git(flywheel, clone, 'checkout', '-q', '-b', 'train/long');
	const spec = await readFile(joinPath(clone, 'flywheel.yml'), 'utf8');
	const epochs = 1500;
	await writeFile(
		joinPath(clone, 'flywheel.yml'),
		spec.replace(/epochs: \d+/, `epochs: ${epochs}`),
	);
	await git(flywheel, clone, 'commit', '-qam', 'Train for long');
	const said = await git(flywheel, clone, 'push', 'origin', 'train/long');
	const id = /\/runs\/(\d+)/.exec(said)![1]!;
	const steps = async (): Promise<number[]> => {
		const { series } = await flywheel.call<{ series: { key: string; steps: number[] }[] }>(
			'GET',
			`/api/runs/${id}/metrics?keys=loss&points=10000`,
		);
		return series[0]?.steps ?? [];
	};
	await until('the curve to begin', async () => ((await steps()).length > 20 ? true : undefined));

	const { page } = owner;
	await page.goto(relay.url + desk);
	await expect(page.locator('[data-item]')).toBeVisible();
	const more = await label(page, 3, 'p');
	const runner = descendants(flywheel.pid);
	expect(runner.some(({ command }) => command.includes('runner/main.ts'))).toBe(true);
	for (const { pid, command } of runner)
		if (command.includes('runner/main.ts')) process.kill(pid, 'SIGKILL');
	await flywheel.kill();
	more.push(...(await label(page, 3, 'n')));
	await until(
		'the training to end',
		() =>
			Promise.resolve(
				processes().some(
					({ folder: at, command }) =>
						at.startsWith(flywheel.home) && command.includes('train.mjs'),
				)
					? undefined
					: true,
			),
		20_000,
	);

	await flywheel.launch();
	await expect(badge(page)).toHaveAttribute('data-saved', 'server', { timeout: 60_000 });
	await until('the labels', async () => {
		const { total } = await flywheel.call<{ total: number }>(
			'GET',
			`/api/projects/reviews/review?state=waiting&batch=${desk.split('/').at(-1)}`,
		);
		return total === more.length ? true : undefined;
	});
	const done = await until(
		'the run',
		async () => {
			const row = await run(id);
			return ['succeeded', 'failed', 'timed_out', 'cancelled'].includes(row.state)
				? row
				: undefined;
		},
		150_000,
	);
	expect(done).toMatchObject({ state: 'succeeded', attempt: 2 });
	expect(await steps()).toEqual(Array.from({ length: epochs }, (_, index) => index + 1));
});

test('7. 100,000 rows with three broken lines, through the page and through the API', async () => {
	const rows = Array.from({ length: 100_000 }, (_, index) =>
		JSON.stringify({ id: `row-${index}`, data: { text: `Row ${index} of the long list` } }),
	);
	rows[9] = '{"id": "cut';
	rows[49_999] = JSON.stringify({ id: 'row-49999', data: 'no object' });
	rows[99_998] = JSON.stringify({ id: 'row-99998', data: { text: 'x' }, split: 'nowhere' });
	const file = joinPath(folder, 'rows.jsonl');
	await writeFile(file, rows.join('\n'));
	const schema = {
		shows: [{ field: 'text', as: 'text' }],
		tools: [
			{
				name: 'tone',
				kind: 'choice',
				required: true,
				options: [
					{ name: 'warm', key: 'w' },
					{ name: 'cold', key: 'l' },
				],
			},
		],
	};
	await flywheel.call('POST', '/api/projects', { name: 'By page', schema });
	await flywheel.call('POST', '/api/projects', { name: 'By API', schema });

	const { page } = owner;
	await page.goto(`${relay.url}/projects/by-page/data`);
	await page.getByRole('button', { name: 'Import' }).first().click();
	await page.getByLabel('File to import').setInputFiles(file);
	const dialog = page.getByRole('dialog');
	await expect(dialog).toContainText('99,997', { timeout: 60_000 });
	for (const line of ['10', '50,000', '99,999'])
		await expect(dialog.getByText(new RegExp(`\\b${line}\\b`)).first()).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(page.getByText('99,997').first()).toBeVisible();

	const report = await flywheel.importLines('by-api', rows.join('\n'));
	expect(report).toMatchObject({ items: 99_997, refused: 3 });
	expect(report.refusals.map(({ line }) => line)).toEqual([10, 50_000, 99_999]);
	for (const { reason } of report.refusals) expect(reason.length).toBeGreaterThan(10);
	const { total } = await flywheel.call<{ total: number }>(
		'GET',
		'/api/projects/by-api/items?limit=1',
	);
	expect(total).toBe(99_997);
});
