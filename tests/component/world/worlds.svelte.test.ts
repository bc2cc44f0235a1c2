import { expect, onTestFinished, test } from 'vitest';
import { commands } from 'vitest/browser';
import { Device, document } from './device.ts';
import { seededRandom } from './seeded-random.ts';
import type { ServerCommands } from './server-commands.ts';

const server = commands as unknown as ServerCommands;
const steps = 60;

/**
 * Several devices with several tabs each, in front of a real server on a real disk: people write, close tabs and
 * open others, tabs die, networks are cut, the server is killed. Whatever a tab said was on this device is there
 * in the end, whatever it said was on the server was on the server's disk, and all have the same.
 */
async function play(seed: number): Promise<void> {
	const random = seededRandom(seed);
	const upTo = (count: number): number => Math.floor(random() * count);
	const world = `${seed}-${crypto.randomUUID()}`;
	onTestFinished(() => server.removeServer(world));
	const address = await server.startServer(world);
	const devices = ['ada', 'bob', 'eve'].map((user) => new Device(user, address, random));
	onTestFinished(() => {
		for (const device of devices) while (device.tabs.length > 0) device.kill(0);
	});
	for (const device of devices) await device.open();
	let isDown = false;

	const restart = async (): Promise<void> => {
		const now = await server.startServer(world);
		for (const device of devices) device.moveTo(now);
		isDown = false;
	};
	const onDisk = async (): Promise<Set<string>> =>
		new Set(await server.keysOnDisk(world, document, 'draft'));
	const check = async (): Promise<void> => {
		const claimed = devices.flatMap((device) => device.claimed.splice(0));
		const disk = await onDisk();
		expect(claimed.filter((key) => !disk.has(key))).toEqual([]);
	};

	for (let step = 0; step < steps; step++) {
		const device = devices[upTo(devices.length)]!;
		const at = upTo(device.tabs.length);
		const dice = random();
		if (dice < 0.45) device.write(at, 1 + upTo(5));
		else if (dice < 0.6) await device.keep(at);
		else if (dice < 0.68) device.cut(device.isCut);
		else if (dice < 0.76) device.cut(!device.isCut);
		else if (dice < 0.82 && device.tabs.length < 3) await device.open();
		else if (dice < 0.88) await device.close(at);
		else if (dice < 0.94) device.kill(at);
		else if (isDown) await restart();
		else {
			await server.killServer(world);
			isDown = true;
		}
		if (device.tabs.length === 0) await device.open();
		for (let turns = upTo(12); turns > 0; turns--) await new Promise((go) => setTimeout(go));
		for (const one of devices) one.read();
		if (!isDown && step % 6 === 0) await check();
	}

	if (isDown) await restart();
	for (const device of devices) {
		device.cut(false);
		for (const at of device.tabs.keys()) await device.keep(at);
		device.tabs[0]!.work.hurry();
	}
	for (const device of devices) await expect.poll(() => device.isLevel).toBe(true);
	const disk = [...(await onDisk())].sort();
	for (const { tabs, kept } of devices) {
		for (const { work } of tabs) await expect.poll(() => work.keys).toEqual(disk);
		expect(kept.filter((key) => !disk.includes(key))).toEqual([]);
		expect(await tabs[0]!.work.refused()).toBe(0);
	}
	await check();
	expect(disk.length).toBeGreaterThan(10);
}

for (const seed of [1, Math.floor(Math.random() * 1e9)])
	test(`world ${seed}: all have the same, and what was said to be safe is there`, () => play(seed));
