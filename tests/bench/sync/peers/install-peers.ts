import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { hocuspocusProgram } from './hocuspocus-program.ts';

const run = promisify(execFile);

/** Not of the project's own dependencies: nothing but this benchmark wants them. */
export const peersFolder = join(import.meta.dirname, '../../../../build/bench/peers');

/**
 * The package of a build of Node for this machine, for the headers that native modules are built with. They are
 * of the Node that runs this, but older: with those of 24.21, better-sqlite3 12 asks Node for its environment out
 * of the garbage collector, and Node ends the process.
 */
const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
const headers = { name: `${prefix}-${process.platform}-${process.arch}`, version: '24.12.0' };

const manifest = {
	private: true,
	type: 'module',
	dependencies: {
		'@hocuspocus/extension-sqlite': '4.7.0',
		'@hocuspocus/server': '4.7.0',
		'@y/websocket-server': '0.1.1',
		[headers.name]: headers.version,
		'y-leveldb': '0.1.2',
		'y-protocols': '1.0.7',
		yjs: '13.6.33',
	},
};

/**
 * Installs the peers beside each other into `build/bench/peers`, where they are not there yet, built for the
 * Node that runs this. Throws with what npm said where there is no network.
 */
export async function installPeers(): Promise<void> {
	const wanted = JSON.stringify(manifest, null, '\t');
	await mkdir(peersFolder, { recursive: true });
	await writeFile(join(peersFolder, hocuspocusProgram.file), hocuspocusProgram.text);
	const mark = join(peersFolder, 'installed.json');
	if ((await readFile(mark, 'utf8').catch(() => '')) === wanted) return;
	console.log('  installing the peers, which takes about a minute …');
	await writeFile(join(peersFolder, 'package.json'), wanted);
	try {
		// The headers are among what is installed, so native modules are built afterwards.
		await npm('install', '--ignore-scripts');
		await npm('rebuild');
	} catch (cause) {
		const said = (cause as { stderr?: string }).stderr ?? String(cause);
		throw new Error(
			`The peers could not be installed into ${peersFolder}. The first run needs the network.\n${said}`,
			{ cause },
		);
	}
	await writeFile(mark, wanted);
}

async function npm(...words: readonly string[]): Promise<void> {
	await run('npm', [...words, '--no-audit', '--no-fund'], {
		cwd: peersFolder,
		maxBuffer: 64 * 1024 * 1024,
		env: {
			...process.env,
			PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
			npm_config_nodedir: join(peersFolder, 'node_modules', headers.name),
		},
	});
}
