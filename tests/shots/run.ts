import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type BrowserContext } from 'playwright';
import { buildIfStale } from '#sync-server/operator/build-if-stale.ts';
import { Flywheel } from '../support/flywheel.ts';
import { provideNeeds } from '../support/needs.ts';
import { pagesOf } from '../support/pages.ts';
import { turnTheWheel } from '../support/turn-the-wheel.ts';

/**
 * Screenshots of every page in both themes at three widths, from a real server on which the wheel was
 * turned once: `npm run shots [-- part-of-a-name …]`. They lie in build/shots, to be looked at.
 */
const out = join(import.meta.dirname, '../../build/shots');
const sizes = [
	{ width: 1440, height: 900 },
	{ width: 820, height: 1180 },
	{ width: 390, height: 844 },
];

const wanted = process.argv.slice(2);
const { chromium: executablePath } = provideNeeds();
mkdirSync(out, { recursive: true });
buildIfStale();
const flywheel = await Flywheel.start();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
	const wheel = await turnTheWheel(flywheel);
	for (const colorScheme of ['light', 'dark'] as const) {
		const context = await browser.newContext({ colorScheme });
		await signIn(context, flywheel);
		for (const shot of pagesOf(wheel)) {
			const { name, path } = shot;
			if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
			// Opened wide, where everything it waits for is in view; then made narrower.
			const page = await context.newPage();
			await page.setViewportSize(sizes[0]!);
			await page.goto(flywheel.url + path);
			await shot.ready(page);
			for (const size of sizes) {
				await page.setViewportSize(size);
				await page.waitForLoadState('networkidle').catch(() => undefined);
				await page.evaluate(() => new Promise((done) => setTimeout(done, 150)));
				await page.screenshot({ path: join(out, `${name}-${size.width}-${colorScheme}.png`) });
			}
			await page.close();
		}
		await context.close();
	}
	const stranger = await browser.newPage();
	await stranger.goto(`${flywheel.url}/sign-in`);
	await stranger.getByRole('button', { name: 'Sign in' }).waitFor();
	await stranger.screenshot({ path: join(out, 'sign-in-1440-light.png') });
	console.log(`screenshots in ${out}`);
} finally {
	await browser.close();
	await flywheel.remove();
}

async function signIn(context: BrowserContext, server: Flywheel): Promise<void> {
	const page = await context.newPage();
	await page.goto(await server.signInLink('owner'));
	await page.waitForURL('**/projects');
	await page.close();
}
