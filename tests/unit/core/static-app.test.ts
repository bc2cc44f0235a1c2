import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { staticApp } from '#sync-server/http/static-app.ts';

const script = 'console.log("inline");';
let home: string;
let folder: string;
let url: string;
const server = createServer();
beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'flywheel-app-'));
	folder = join(home, 'app');
	await mkdir(join(folder, '_app/immutable'), { recursive: true });
	await writeFile(
		join(folder, 'index.html'),
		`<script src="/theme.js"></script><script>${script}</script>`,
	);
	await writeFile(join(folder, '_app/immutable/entry.abc.js'), '1');
	await writeFile(join(folder, 'service-worker.js'), '2');
	server.on('request', staticApp(folder)).listen(0, '127.0.0.1');
	await once(server, 'listening');
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
	server.close();
	await rm(home, { recursive: true, force: true });
});

test('every page of the app is its one page, asked for each time', async () => {
	for (const path of ['/', '/projects/reviews/runs/3', '/sign-in']) {
		const reply = await fetch(url + path);
		expect(await reply.text()).toContain('theme.js');
		expect(reply.headers.get('cache-control')).toBe('no-cache');
	}
});

test('scripts run from our files, and inline those alone that the build wrote', async () => {
	const policy = (await fetch(url)).headers.get('content-security-policy')!;
	const hash = createHash('sha256').update(script).digest('base64');
	expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
	expect(policy).not.toContain("script-src 'self' 'unsafe-inline'");
	expect(policy).toContain("frame-ancestors 'none'");
});

test('hashed files are kept for ever, the service worker never', async () => {
	const hashed = await fetch(`${url}/_app/immutable/entry.abc.js`);
	expect(hashed.headers.get('cache-control')).toContain('immutable');
	expect(hashed.headers.get('x-content-type-options')).toBe('nosniff');
	const worker = await fetch(`${url}/service-worker.js`);
	expect(worker.headers.get('cache-control')).toBe('no-cache');
});

test('no path leads out of the folder, and a missing file is not the page', async () => {
	await writeFile(join(folder, '..', 'outside.txt'), 'outside');
	for (const path of ['/..%2foutside.txt', '/%2e%2e/outside.txt', '/_app/..%2f..%2foutside.txt'])
		expect(await (await fetch(url + path)).text()).not.toBe('outside');
	expect((await fetch(`${url}/missing.js`)).status).toBe(404);
});
