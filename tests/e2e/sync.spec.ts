import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { chromium, expect, test, type BrowserContext, type Page } from '@playwright/test';
import { Flywheel, freePort } from '../support/flywheel.ts';
import { processes } from '../support/processes.ts';
import { Relay, type Cut } from '../support/relay.ts';
import { choice, makeWeather } from '../support/weather.ts';
import { documentOnDevice } from './device-log.ts';
import {
	answersOnDisk,
	networkIsBack,
	openBatch,
	show,
	submitItem,
	submittedIn,
} from './labeling.ts';
import { badge, join, joinAt, type Person } from './people.ts';

/**
 * Nobody ever loses a label: networks that go and come in every order, a server and a browser that are killed
 * while somebody types, three tabs at once. At every step the badge is read as a person reads it, and what it
 * says is looked up on the server's disk and in the browser's own storage.
 */
test.describe.configure({ mode: 'serial' });

let flywheel: Flywheel;
let relay: Relay;
let second: Relay;
let lars: Person;
let lisa: Person;
let project: string;

test.beforeAll(async ({ browser }) => {
	const port = await freePort();
	[relay, second] = [new Relay(port), new Relay(port)];
	await relay.open();
	await second.open();
	flywheel = await Flywheel.startEmpty({ port, url: relay.url });
	const questions = [choice('tone', ['good', 'bad']), choice('place', ['home', 'work'])];
	project = await makeWeather(flywheel, 1500, ...questions); // browsers take the next batches by themselves
	lars = await join(browser, flywheel, { project, name: 'Lars', role: 'labeler', at: relay.url });
	lisa = await join(browser, flywheel, { project, name: 'Lisa', role: 'labeler', at: second.url });
});

test.afterAll(async () => {
	for (const { context } of [lars, lisa]) await context.close();
	await flywheel.remove();
	await relay.close();
	await second.close();
});

/** A batch of the oldest items that are in none. */
async function makeBatch(count: number, members = ['lars', 'lisa']): Promise<string> {
	const choose = { by: 'oldest', count };
	return (await flywheel.makeBatches(project, { choose, members }))[0];
}

/** What somebody has typed in a batch so far, in one page or several, and what the badges said of it. */
class Witness {
	readonly batch: string;
	readonly user: string;
	/** How often a badge said what. */
	readonly seen = new Map<string, number>();
	#typed: { readonly page: Page; readonly what: string }[] = [];

	constructor(batch: string, user: string) {
		this.batch = batch;
		this.user = user;
	}

	/** Everything that was typed, sorted. */
	get typed(): string[] {
		return this.#typed.map(({ what }) => what).sort();
	}

	/** Types an answer and submits it; answers what that was. */
	async type(page: Page, keys = 'gh'): Promise<string> {
		const what = `${this.user} ${await submitItem(page, keys)}`;
		this.#typed.push({ page, what });
		return what;
	}

	/**
	 * What a page that died had not stored: it took that with it, but for what had reached the server all the
	 * same. Call it once everything else is there.
	 */
	forget(lost: readonly string[]): void {
		const onDisk = this.onDisk();
		this.#typed = this.#typed.filter(({ what }) => !lost.includes(what) || onDisk.includes(what));
	}

	/** Reads a page's badge and holds it to its word, about everything that was typed there. */
	async look(page: Page): Promise<string> {
		const typed = this.#typed.filter((one) => one.page === page).map(({ what }) => what);
		const says = await badge(page).innerText();
		this.seen.set(says, (this.seen.get(says) ?? 0) + 1);
		const missing = (found: readonly string[]) => typed.filter((what) => !found.includes(what));
		if (says === 'On the server') expect(missing(this.onDisk()), 'not on the disk').toEqual([]);
		if (says === 'On this device')
			expect(missing(await this.onDevice(page)), 'not in the browser').toEqual([]);
		return says;
	}

	onDisk(): string[] {
		return submittedIn(answersOnDisk(flywheel, project, this.batch));
	}

	async onDevice(page: Page): Promise<string[]> {
		return submittedIn(await documentOnDevice(page, `${project}/${this.batch}/answers`));
	}
}

const isOnServer = (page: Page) =>
	expect(badge(page)).toHaveText('On the server', { timeout: 60_000 });

test('the badge never lies while networks fail and the server is killed under it', async () => {
	const batch = await makeBatch(60);
	const { page } = lars;
	const witness = new Witness(batch, 'lars');
	await openBatch(page, relay.url, project, batch);
	const troubles: (Cut | 'killed')[] = ['reset', 'black hole', 'killed', 'refused', 'killed'];
	for (const trouble of troubles) {
		for (let count = 0; count < 3; count++) {
			await witness.type(page);
			await witness.look(page);
		}
		await isOnServer(page);
		await witness.look(page);
		// In the middle of an answer: it may be on its way, or not.
		await witness.type(page);
		if (trouble === 'killed') await flywheel.kill();
		else await relay.cut(trouble);
		for (let count = 0; count < 3; count++) {
			await witness.look(page);
			await witness.type(page, 'bw');
		}
		// After a reset it may be back already.
		const settled = trouble === 'reset' ? /^\s*On (this device|the server)$/ : 'On this device';
		await expect(badge(page)).toHaveText(settled);
		await witness.look(page);
		if (trouble === 'killed') await flywheel.launch();
		await relay.open();
		await networkIsBack(page);
		await witness.type(page);
		await witness.look(page);
		await isOnServer(page);
		await witness.look(page);
	}
	expect(witness.seen.get('On the server')).toBeGreaterThan(5);
	expect(witness.seen.get('On this device')).toBeGreaterThan(5);
	await flywheel.kill();
	expect(witness.onDisk()).toEqual(witness.typed);
	await flywheel.launch();
});

test('a browser that is killed while somebody types has on its disk what it said it has', async () => {
	const profile = await mkdtemp(joinPath(tmpdir(), 'flywheel-profile-'));
	const { use } = test.info().project;
	const launch = (): Promise<BrowserContext> =>
		chromium.launchPersistentContext(profile, { ...use.launchOptions, viewport: use.viewport! });
	const kill = async (context: BrowserContext): Promise<void> => {
		const closed = context.waitForEvent('close');
		for (const { pid, command } of processes())
			if (command.includes(`--user-data-dir=${profile}`)) process.kill(pid, 'SIGKILL');
		await closed;
	};
	let context = await launch();
	let page = context.pages()[0]!;
	await joinAt(page, flywheel, { project, name: 'Karl', role: 'labeler', at: relay.url });
	const batch = await makeBatch(60, ['karl']);
	// Signed in yesterday: who somebody is the browser itself writes down some seconds later.
	await context.close();
	context = await launch();
	page = context.pages()[0]!;
	const witness = new Witness(batch, 'karl');
	await openBatch(page, relay.url, project, batch);
	for (const cut of ['refused', undefined] as const) {
		if (cut) await relay.cut(cut);
		for (let count = 0; count < 4; count++) await witness.type(page);
		if (cut) await expect(badge(page)).toHaveText('On this device');
		else await isOnServer(page);
		await witness.look(page);
		const last = await witness.type(page);
		const isStored = (await witness.look(page)) !== 'Saving';
		await kill(context);

		await relay.cut('refused');
		context = await launch();
		page = context.pages()[0]!;
		await page.goto(`${relay.url}/projects/${project}/label/${batch}`);
		await expect(page.locator('[data-item]')).toBeVisible();
		const found = await witness.onDevice(page);
		const lost = witness.typed.filter((one) => !found.includes(one));
		expect(lost).toEqual(isStored || lost.length === 0 ? [] : [last]);
		await witness.look(page);
		await relay.open();
		await networkIsBack(page);
		await isOnServer(page);
		await witness.look(page);
		witness.forget(lost);
		expect(witness.onDisk()).toEqual(witness.typed);
	}
	await context.close();
	await rm(profile, { recursive: true });
});

test('three tabs of one person: each answers, the leading one dies, none loses or doubles anything', async () => {
	const batch = await makeBatch(60);
	const witness = new Witness(batch, 'lars');
	await openBatch(lars.page, relay.url, project, batch);
	const others = [await lars.context.newPage(), await lars.context.newPage()];
	const pages = [lars.page, ...others];
	for (const [index, page] of pages.entries()) {
		await openBatch(page, relay.url, project, batch);
		await show(page, 20 * index + 1);
	}
	const all = async (keys: string, among: readonly Page[]): Promise<void> => {
		for (let count = 0; count < 3; count++)
			await Promise.all(among.map((page) => witness.type(page, keys)));
	};
	await all('gh', pages);
	for (const page of pages) await witness.look(page);
	await relay.cut('refused');
	await all('bw', pages);
	for (const page of pages) {
		await expect(badge(page)).toHaveText('On this device');
		await witness.look(page);
	}
	// The first tab has the connection. It goes in the middle of an answer, while all of them write.
	await relay.open();
	const dying = all('gh', others);
	const last = await witness.type(lars.page);
	const isStored = (await witness.look(lars.page)) !== 'Saving';
	await lars.page.close({ runBeforeUnload: false });
	await dying;
	lars.page = others[0]!;
	const isThere = (await witness.onDevice(lars.page)).includes(last);
	expect(isThere || !isStored).toBe(true);
	for (const page of others) {
		await networkIsBack(page);
		await isOnServer(page);
		await witness.look(page);
	}
	if (!isThere) witness.forget([last]);
	for (const page of others) {
		await expect.poll(() => witness.onDevice(page)).toEqual(witness.typed);
	}
	await all('bw', others);
	for (const page of others) await isOnServer(page);
	expect(witness.onDisk()).toEqual(witness.typed);
	await others[1]!.close();
});

test('two people, their networks cut and mended in every order: both have everything, and the same', async () => {
	const batch = await makeBatch(100);
	const document = `${project}/${batch}/answers`;
	const people = [
		{ ...lars, relay, user: 'lars', keys: 'gh' },
		{ ...lisa, relay: second, user: 'lisa', keys: 'bw' },
	] as const;
	const typed: string[] = [];
	for (const { page, relay: way } of people) await openBatch(page, way.url, project, batch);
	let block = 0;
	for (const order of everyOrder([
		[0, 'cut'],
		[0, 'mend'],
		[1, 'cut'],
		[1, 'mend'],
	])) {
		const first = 12 * block;
		const how: Cut = block % 2 === 0 ? 'refused' : 'black hole';
		for (let gap = 0; gap <= order.length; gap++) {
			for (const [index, { page, user, keys }] of people.entries()) {
				if (gap % 2 === 1) continue; // before, in the middle and after is enough
				// The same item: a draft, and half way an answer. Another one of their own: an answer.
				await show(page, first + 1);
				if (gap === 2) typed.push(`${user} ${await submitItem(page, keys)}`);
				else await page.keyboard.press(keys[0]!);
				await show(page, first + 2 + gap + 5 * index);
				typed.push(`${user} ${await submitItem(page, keys)}`);
			}
			const [who, what] = order[gap] ?? [];
			if (who === undefined) break;
			if (what === 'cut') await people[who].relay.cut(how);
			else {
				await people[who].relay.open();
				await networkIsBack(people[who].page);
			}
		}
		for (const { page } of people) await isOnServer(page);
		block++;
	}
	const said = (answers: Parameters<typeof submittedIn>[0]): unknown => ({
		submitted: answers.getMap('submitted').toJSON(),
		draft: answers.getMap('draft').toJSON(),
	});
	const onDisk = answersOnDisk(flywheel, project, batch);
	expect(submittedIn(onDisk)).toEqual([...typed].sort());
	for (const { page } of people)
		await expect
			.poll(async () => said(await documentOnDevice(page, document)))
			.toEqual(said(onDisk));
});

type Event = readonly [0 | 1, 'cut' | 'mend'];

/** Every order of these in which nothing is mended before it is cut. */
function everyOrder(events: readonly Event[]): Event[][] {
	if (events.length === 0) return [[]];
	return events.flatMap((next, at) => {
		const [who, what] = next;
		const isTooEarly =
			what === 'mend' && events.some(([one, kind]) => one === who && kind === 'cut');
		if (isTooEarly) return [];
		const rest = events.filter((_, index) => index !== at);
		return everyOrder(rest).map((order) => [next, ...order]);
	});
}
