import { expect, test, type Page } from '@playwright/test';
import { Flywheel } from '../support/flywheel.ts';
import { badge, signIn, type Person } from './people.ts';

/**
 * What strangers put into texts, names and instructions is shown as text wherever it stands: nothing of it
 * runs, the policy of the page has nothing to stop, and no layout breaks.
 */
test.describe.configure({ mode: 'serial' });

const run = 'window.hasRun=true';
const script = `<img src=x onerror="${run}"><script>${run}</script><svg onload="${run}">`;
const texts: Readonly<Record<string, string>> = {
	script,
	closing: `</textarea></title></style></script><script>${run}</script>`,
	link: `[click](javascript:${run}) <a href="javascript:${run}">click</a>`,
	template: '{{constructor.constructor("return 1")()}} ${1+1} {@html x}',
	right: 'هذا نص عربي \u202eabc\u202c مع كلمات English وأرقام 123',
	emoji: '👩‍👩‍👧‍👦🏴‍☠️ e\u0301 \u200b zero\u200bwidth 数据',
	long: 'w'.repeat(60_000),
	lines: 'one\n\n\ttwo\r\nthree',
};
const instructions = [
	'# How to **label**',
	`<script>${run}</script>`,
	`<img src=x onerror="${run}">`,
	`[bad](javascript:${run})`,
	'<iframe src="https://evil.example"></iframe>',
	'<form action="https://evil.example"><input name=password></form>',
	`<div style="position:fixed;inset:0" id="app" onclick="${run}">cover</div>`,
	'[good](https://example.org)',
].join('\n\n');

let flywheel: Flywheel;
let owner: Person;
let project: string;
const violations: string[] = [];

test.beforeAll(async ({ browser }) => {
	flywheel = await Flywheel.startEmpty();
	await flywheel.call('POST', '/api/projects', {
		name: '<b onmouseover=alert(1)>Hostile</b>',
		schema: {
			shows: [{ field: 'text', as: 'text' }],
			instructions,
			tools: [
				{
					name: 'tone',
					title: '<i>Tone</i>',
					kind: 'choice',
					required: true,
					options: [
						{ name: 'good', title: script.slice(0, 90), key: 'g' },
						{ name: 'bad', key: 'b' },
					],
				},
			],
		},
	});
	const { projects } = await flywheel.call<{ projects: { id: string }[] }>('GET', '/api/projects');
	project = projects[0]!.id;
	const lines = Object.entries(texts).map(([id, text]) =>
		JSON.stringify({ id, data: { text }, meta: { source: script } }),
	);
	await flywheel.importLines(project, lines.join('\n'));
	owner = await signIn(browser, flywheel, 'owner');
	const { context, page } = owner;
	await context.addInitScript(() => {
		document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
			console.error(`policy violation: ${violatedDirective} ${blockedURI}`),
		);
	});
	page.on('console', (message) => {
		if (/policy/i.test(message.text())) violations.push(message.text());
	});
	page.on('dialog', (dialog) => {
		violations.push(`a dialog said ${dialog.message()}`);
		void dialog.dismiss();
	});
});

test.afterAll(async () => {
	await owner.context.close();
	await flywheel.remove();
});

/** Nothing ran, nothing had to be stopped, and the page is no wider than the window. */
async function expectHarmless(page: Page): Promise<void> {
	const found = await page.evaluate(() => ({
		hasRun: 'hasRun' in window,
		wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		strange: document.querySelectorAll(
			'main :is(script, iframe, object, embed, img[src="x"], form)',
		).length,
	}));
	expect(found).toEqual({ hasRun: false, wider: 0, strange: 0 });
	expect(violations).toEqual([]);
}

test('a list shows them as text', async () => {
	const { page } = owner;
	await page.goto(`${flywheel.url}/projects`);
	await expect(page.getByText('<b onmouseover=alert(1)>Hostile</b>').first()).toBeVisible();
	await expectHarmless(page);
	await page.goto(`${flywheel.url}/projects/${project}/data`);
	const rows = page.getByRole('table', { name: 'Items' });
	for (const text of ['<img src=x onerror=', 'هذا نص عربي', '👩‍👩‍👧‍👦', '{{constructor'])
		await expect(rows.getByText(text).first()).toBeVisible();
	await expectHarmless(page);
});

test('an item’s own page shows it whole, as text', async () => {
	const { page } = owner;
	for (const [id, text] of Object.entries(texts)) {
		await page.goto(`${flywheel.url}/projects/${project}/data/${id}`);
		await expect(page.locator('main')).toContainText(text.slice(0, 200).replace(/\s+/g, ' '));
		await expectHarmless(page);
	}
});

test('the workspace shows them as text, beside instructions that were cleaned', async () => {
	const { page } = owner;
	await page.goto(`${flywheel.url}/projects/${project}/label?take`);
	const desk = page.locator('[data-item]');
	await expect(desk).toBeVisible();
	const side = page.locator('.markdown').first();
	await expect(side.locator('strong')).toHaveText('label');
	await expect(side.getByRole('link', { name: 'good' })).toHaveAttribute(
		'href',
		'https://example.org',
	);
	await expect(side).toContainText(`<script>${run}</script>`);
	const kept = await side.evaluate((element) => ({
		tags: [...new Set([...element.querySelectorAll('*')].map(({ localName }) => localName))].sort(),
		attributes: [...element.querySelectorAll('*')].flatMap((child) => child.getAttributeNames()),
	}));
	// A heading of the instructions stands below the page's own: h1 becomes h3.
	expect(kept.tags).toEqual(['a', 'h3', 'p', 'strong']);
	expect(kept.attributes).toEqual(['href']);
	for (let n = 0; n < Object.keys(texts).length; n += 1) {
		const id = (await desk.getAttribute('data-item'))!;
		await expect(desk).toContainText(texts[id]!.slice(0, 200).replace(/\s+/g, ' '));
		await expectHarmless(page);
		await page.keyboard.press('g');
		if (n < Object.keys(texts).length - 1) await expect(desk).not.toHaveAttribute('data-item', id);
	}
	await expect(badge(page)).toHaveAttribute('data-saved', 'server');
});

test('review shows them as text, and a note is text too', async () => {
	const { page } = owner;
	await page.goto(`${flywheel.url}/projects/${project}/review`);
	const shown = page.locator('[data-item]');
	await expect(shown).toBeVisible();
	const id = (await shown.getAttribute('data-item'))!;
	await expect(page.locator('main')).toContainText(texts[id]!.slice(0, 200).replace(/\s+/g, ' '));
	await expectHarmless(page);
	await page.keyboard.press('r');
	await page.keyboard.type(script);
	await page.keyboard.press('Enter');
	await expect(shown).not.toHaveAttribute('data-item', id);
	await page.goto(`${flywheel.url}/projects/${project}/data/${id}`);
	await expect(page.locator('main').getByText(script).first()).toBeVisible();
	await expectHarmless(page);
});
