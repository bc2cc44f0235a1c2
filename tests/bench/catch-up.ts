import type { BrowserContext, Page } from 'playwright';
import * as Y from 'yjs';
import {
	catchUpLimits,
	readCatchUpAnswer,
	writeCatchUpRequest,
	type CatchUpReply,
} from '#shared/wire/catch-up.ts';
import { documentVersion } from '#shared/wire/document-version.ts';
import type { Flywheel } from '../support/flywheel.ts';
import { behindRelay, type BehindRelay } from './behind-relay.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { pageScript } from './page-script.ts';
import { lines, makeProject } from './project.ts';

const batches = 2000;
const edited = 200;
/** Of those that were not edited here. */
const changedByOthers = 50;
const limitMs = 60_000;
const value = 'written without a network';

/** Two thousand batches on a device that was offline, and how it comes back. */
export const catchingUp: Benchmark = {
	name: 'catch-up',
	method: `The client of the app in real Chromium, with ${batches} batches’ answers on the device, fetched there by its first look. The network is cut (connections refused, the browser told so), ${edited} of them are edited and ${changedByOthers} others changed on the server by somebody else. From the network’s return until nothing is unsent on the device and the ${changedByOthers} are on it: time, requests, sockets. Then the server is killed (-9) and started again, and every edit must be on its disk.`,
	run: () =>
		behindRelay(async (place) => {
			const { flywheel } = place;
			const names = await makeDocuments(flywheel);
			const context = await place.openDevice();
			const page = await openPage(context, flywheel, names);
			await until(() => page.evaluate(() => device.hasLooked()));
			return await comeBack({ ...place, context, page, names });
		}),
};

interface Scene extends BehindRelay {
	readonly context: BrowserContext;
	readonly page: Page;
	readonly names: readonly string[];
}

async function comeBack({ context, page, relay, flywheel, names }: Scene): Promise<Figure[]> {
	const [mine, theirs] = [names.slice(0, edited), names.slice(edited, edited + changedByOthers)];
	await context.setOffline(true);
	await relay.cut('refused');
	await page.evaluate(([some, text]) => device.edit(some, 'i2/v/tone', text), [
		mine,
		value,
	] as const);
	const waiting = await page.evaluate(() => device.waiting());
	if (waiting !== edited) throw new Error(`${waiting} documents wait in place of ${edited}`);
	const goals = await exchange(flywheel, theirs, 'i3/v/tone');
	const goal = goals.map((reply) => (reply.kind === 'level' ? reply.cursor : reply.kind));

	let requests = 0;
	let sockets = 0;
	page.on('request', () => requests++);
	page.on('websocket', () => sockets++);
	await relay.open();
	const began = performance.now();
	await context.setOffline(false);
	await until(async () => (await page.evaluate(() => device.waiting())) === 0);
	const sent = performance.now() - began;
	await until(async () => {
		const cursors = await page.evaluate((some) => device.cursors(some), theirs);
		return cursors.every((cursor, index) => cursor === goal[index]);
	});
	const level = performance.now() - began;
	const counted = { requests, sockets };

	await flywheel.kill();
	await flywheel.launch();
	const found = await exchange(flywheel, mine);
	const lost = found.filter((reply) => draftIn(reply)['i2/v/tone'] !== value).length;
	return [
		{ what: `${edited} edited documents on the server`, value: sent / 1000, unit: 's' },
		{
			what: 'and all others level',
			value: level / 1000,
			unit: 's',
			bar: { at: 'most', value: 10 },
		},
		{
			what: 'requests for it, sockets among them',
			value: counted.requests + counted.sockets,
			unit: '',
			bar: { at: 'most', value: 19 },
		},
		{ what: 'sockets', value: counted.sockets, unit: '' },
		{
			what: 'edits that are not on the disk after kill -9',
			value: lost,
			unit: 'documents',
			bar: { at: 'most', value: 0 },
		},
	];
}

/** Makes batches of one item, and writes something into the answers of each. */
async function makeDocuments(flywheel: Flywheel): Promise<string[]> {
	const project = await makeProject(flywheel, 'Catch up');
	await flywheel.importLines(project, lines(batches));
	const made = await flywheel.makeBatches(project, {
		...{ choose: { by: 'oldest', count: batches }, size: 1 },
		members: ['owner'],
	});
	const names = made.map((batch) => `${project}/${batch}/answers`);
	await exchange(flywheel, names, 'i1/v/tone');
	return names;
}

/** What the server has of documents; with a key, after something was written under it. */
async function exchange(
	flywheel: Flywheel,
	names: readonly string[],
	key?: string,
): Promise<CatchUpReply[]> {
	const replies: CatchUpReply[] = [];
	for (let at = 0; at < names.length; at += catchUpLimits.documents) {
		const asks = names.slice(at, at + catchUpLimits.documents).map((name) => {
			const doc = new Y.Doc();
			if (key !== undefined) doc.getMap('draft').set(key, 'by another');
			const update = key === undefined ? new Uint8Array() : Y.encodeStateAsUpdate(doc);
			return { name, cursor: '', stateVector: Y.encodeStateVector(doc), update };
		});
		const reply = await fetch(`${flywheel.direct}/api/sync/batch`, {
			method: 'POST',
			headers: { Authorization: `Bearer ${flywheel.token}` },
			body: writeCatchUpRequest({ version: documentVersion, asks }) as Uint8Array<ArrayBuffer>,
		});
		replies.push(...(readCatchUpAnswer(new Uint8Array(await reply.arrayBuffer())) ?? []));
	}
	return replies;
}

function draftIn(reply: CatchUpReply): Record<string, unknown> {
	const doc = new Y.Doc();
	if (reply.kind === 'level') for (const update of reply.updates) Y.applyUpdate(doc, update);
	return doc.getMap('draft').toJSON();
}

/** Signs in, and starts the app's client on a page of the same origin that has no other. */
async function openPage(
	context: BrowserContext,
	flywheel: Flywheel,
	names: readonly string[],
): Promise<Page> {
	const page = await context.newPage();
	await page.goto(await flywheel.signInLink('owner'));
	await page.waitForURL('**/projects');
	await page.goto(`${flywheel.url}/healthz`);
	await page.addScriptTag({ content: await pageScript('documents/device-page.ts', 'devicePage') });
	await page.evaluate((kept) => startDevice(kept), names);
	return page;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
	const deadline = performance.now() + limitMs;
	while (!(await holds())) {
		if (performance.now() > deadline) throw new Error(`not so after ${limitMs / 1000} s`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}
