import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext } from 'playwright';
import { buildIfStale } from '#sync-server/operator/build-if-stale.ts';
import { Flywheel, freePort } from '../support/flywheel.ts';
import { provideNeeds } from '../support/needs.ts';
import { Relay } from '../support/relay.ts';

/** A server with nothing on it, and the network before it. */
export interface BehindRelay {
	readonly flywheel: Flywheel;
	readonly relay: Relay;
	/** Opens a browser on the one profile of this run, as on a device that stays the same. */
	readonly openDevice: () => Promise<BrowserContext>;
	/** Starts a browser that keeps nothing. */
	readonly openBrowser: () => Promise<Browser>;
}

/** Runs something with an empty server, and the app as it is now, behind a relay; afterwards nothing of it is left. */
export async function behindRelay<T>(run: (place: BehindRelay) => Promise<T>): Promise<T> {
	buildIfStale(); // the browsers are to load the app of today
	const port = await freePort();
	const relay = new Relay(port);
	await relay.open();
	const flywheel = await Flywheel.startEmpty({ port, url: relay.url });
	const profile = await mkdtemp(join(tmpdir(), 'flywheel-profile-'));
	const options = {
		executablePath: provideNeeds().chromium,
		args: ['--no-sandbox', '--disable-background-networking'],
	};
	const opened: { close(): Promise<void> }[] = [];
	const kept = <T extends { close(): Promise<void> }>(one: T): T => {
		opened.push(one);
		return one;
	};
	const openDevice = async () =>
		kept(
			await chromium.launchPersistentContext(profile, {
				...options,
				viewport: { width: 1440, height: 900 },
			}),
		);
	const openBrowser = async () => kept(await chromium.launch(options));
	try {
		return await run({ flywheel, relay, openDevice, openBrowser });
	} finally {
		for (const one of opened) await one.close();
		await flywheel.remove();
		await relay.close();
		await rm(profile, { recursive: true, force: true });
	}
}
