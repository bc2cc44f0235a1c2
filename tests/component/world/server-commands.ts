import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BrowserCommand } from 'vitest/node';
import { documentOnDisk } from '../../support/update-log-on-disk.ts';

/** What a test in the browser asks of the machine it runs on: a real sync server, its disk, and `kill -9`. */
export interface ServerCommands {
	/** Starts one with a folder of its own, or again on what is left of one that was killed; answers its address. */
	startServer: (world: string) => Promise<string>;
	killServer: (world: string) => Promise<void>;
	/** The keys of a document's root map as they are on the server's disk now. */
	keysOnDisk: (world: string, document: string, map: string) => Promise<string[]>;
	/** Ends it and takes its folder away. */
	removeServer: (world: string) => Promise<void>;
}

interface Place {
	readonly folder: string;
	process: ChildProcess | undefined;
}

const program = new URL('../../integration/sync/sync-server-process.ts', import.meta.url).pathname;
const places = new Map<string, Place>();

function placeOf(world: string): Place {
	const place = places.get(world) ?? {
		folder: mkdtempSync(join(tmpdir(), 'world-')),
		process: undefined,
	};
	places.set(world, place);
	return place;
}

async function kill(place: Place): Promise<void> {
	const { process: child } = place;
	place.process = undefined;
	if (!child || child.exitCode !== null || child.signalCode !== null) return;
	const exit = once(child, 'exit');
	child.kill('SIGKILL');
	await exit;
}

type Commands = {
	[K in keyof ServerCommands]: BrowserCommand<Parameters<ServerCommands[K]>>;
};

export const serverCommands: Commands = {
	async startServer(_context, world): Promise<string> {
		const place = placeOf(world);
		const child = spawn(process.execPath, [program, place.folder], {
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		place.process = child;
		const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
		return url;
	},
	killServer: (_context, world) => kill(placeOf(world)),
	keysOnDisk(_context, world, document, map): string[] {
		const file = join(placeOf(world).folder, 'updates.sqlite');
		return [...documentOnDisk(file, document).getMap(map).keys()];
	},
	async removeServer(_context, world): Promise<void> {
		const place = placeOf(world);
		await kill(place);
		rmSync(place.folder, { recursive: true, force: true });
		places.delete(world);
	},
};
