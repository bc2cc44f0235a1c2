import { vi } from 'vitest';
import * as Y from 'yjs';
import { hasPending } from '#sync-server/log/compact-document.ts';
import { checkProjection } from './check-projection.ts';
import type { SyncWorld } from './sync-world.ts';
import type { DiskContent } from './test-disk.ts';

/** Every network is mended, everybody signs in, everybody who may connects; nothing new is written. */
export async function comeToRest(world: SyncWorld): Promise<void> {
	await world.during(() => {
		world.disk.mend();
		world.letTablesGo();
		for (let left = 0; left < 200; left++) world.cutLeft();
		for (const device of world.devices) world.signIn(device);
	});
	const written = new Set(world.writtenPaths());
	const all = world.devices.flatMap((device) =>
		[...device.documents.values()]
			.filter(({ path }) => written.has(path))
			.map((one) => ({
				one,
				name: `${device.name} with ${one.path}`,
				isOut: () => world.rights.accessOf(device.user, one.path) === 'none',
			})),
	);
	for (const { one } of all) one.disconnect('cut');
	for (let round = 0; ; round++) {
		const restless = all.filter(({ one, isOut }) =>
			isOut() ? one.trouble !== 'not found' : !one.isSettled,
		);
		if (restless.length === 0) break;
		if (round === 15)
			throw new Error(
				`they do not come to rest: ${restless.map(({ name, one }) => `${name}: ${JSON.stringify(one.trouble)}`).join('; ')}`,
			);
		await world.during(() => {
			world.now += 30_000; // refusals are counted by the minute
			for (const { one } of restless) {
				for (const tab of one.tabs.keys()) one.readLog(tab);
				one.beginAnew();
				one.connect(round);
			}
		});
		await world.during(() => void vi.advanceTimersByTime(60));
	}
	await world.during(() => {
		for (const { one } of all) for (const tab of one.tabs.keys()) one.readLog(tab);
	});
}

/** When nothing moves any more: all see the same, nothing is lost, and nobody who left is remembered. */
export async function checkLaws(world: SyncWorld): Promise<void> {
	await world.checkDisk();
	const disk = await world.disk.read(world.paths);
	for (const path of world.writtenPaths()) {
		const { document } = disk.get(path)!;
		for (const device of world.devices) {
			if (world.rights.accessOf(device.user, path) === 'none') continue;
			const one = device.documents.get(path)!;
			for (const { doc } of [...one.tabs, { doc: one.whole() }]) {
				if (hasPending(doc)) throw new Error(`${device.name} lacks something of ${path}`);
				if (
					!Y.equalSnapshots(Y.snapshot(doc), Y.snapshot(document)) ||
					said(doc) !== said(document)
				)
					throw new Error(`${device.name} sees another ${path} than the disk`);
			}
		}
	}
	checkSubmissions(world, disk);
	checkProjection(world, disk);
	await checkMemory(world);
}

/** What somebody submitted is on the server, or waits on their device, or is listed there as not accepted. */
function checkSubmissions(world: SyncWorld, disk: DiskContent): void {
	for (const [id, path] of world.made) {
		const isSomewhere =
			disk.get(path)!.document.getMap('submitted').has(id) ||
			world.devices.some((device) => {
				const one = device.documents.get(path)!;
				return (
					one.aside.some(({ key }) => key === id) ||
					(one.isDirty && one.whole().getMap('submitted').has(id))
				);
			});
		if (!isSomewhere) throw new Error(`the submission ${id} of ${path} is nowhere`);
	}
}

/** Once everybody is gone nothing of them is left. */
async function checkMemory(world: SyncWorld): Promise<void> {
	await world.during(() => {
		for (const device of world.devices)
			for (const one of device.documents.values()) one.disconnect('cut');
	});
	const { connections, documents } = world.server.documents.stats();
	if (connections > 0) throw new Error(`${connections} connections are left when nobody is there`);
	if (documents > 0 && !world.keepsIdle)
		throw new Error(`${documents} documents are left when nobody is there`);
}

/** Everything a document says, in one order. */
function said(document: Y.Doc): string {
	const names = [...document.share.keys()].sort();
	return JSON.stringify(
		names.flatMap((name) => {
			const json: unknown = name.startsWith('text/')
				? document.getText(name).toJSON()
				: sorted(document.getMap(name).toJSON());
			return json === '' || JSON.stringify(json) === '[]' ? [] : [[name, json]];
		}),
	);
}

function sorted(entries: Readonly<Record<string, unknown>>): [string, unknown][] {
	return Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1));
}
