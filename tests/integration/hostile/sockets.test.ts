import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { hashOf, newSecret } from '#sync-server/accounts/secret.ts';
import { cookieOf, ownerToken } from '../core/test-server.ts';
import { WireClient } from '../sync/wire-client.ts';
import { openHostileWorld, type HostileWorld } from './hostile-world.ts';

let world: HostileWorld;
let documentUrl: string;
beforeAll(async () => {
	world = await openHostileWorld();
	documentUrl = `${world.url.replace('http', 'ws')}/sync/target/${world.batch}/answers`;
});
afterAll(() => world.remove());

/** Connects and answers with the code that the server closes with. */
async function closeCode(address: string, headers: Record<string, string> = {}): Promise<number> {
	const socket = new WebSocket(address, { headers });
	const [code] = (await once(socket, 'close')) as [number];
	return code;
}

async function tokenOf(kind: 'person' | 'runner', user: string): Promise<string> {
	const token = newSecret();
	await world.tables.tokens.create({
		id: `${kind}-${user}`,
		hash: hashOf(token),
		user,
		kind,
		name: 'test',
		createdAt: new Date().toISOString(),
	});
	return token;
}

describe('an upgrade', () => {
	test('with the cookie counts from our own pages alone, also for a document that is there', async () => {
		const cookie = await cookieOf(world, 'owner');
		await world.unharmed(async () => {
			for (const origin of [
				'https://evil.example',
				'null',
				world.url.replace('http', 'https') + '.evil.example',
				`http://127.0.0.1:${world.address.port + 1}`,
				'file://',
			])
				for (const address of [documentUrl, `${world.url.replace('http', 'ws')}/live`])
					expect([origin, await closeCode(address, { cookie, origin })]).toEqual([origin, 4401]);
			expect(await closeCode(documentUrl, { cookie })).toBe(4401);
		});
		const welcome = new WebSocket(documentUrl, { headers: { cookie, origin: world.url } });
		await once(welcome, 'message');
		welcome.close();
	});

	test('by a stranger, a runner or a token that is none opens no document', async () => {
		const stranger = await world.accounts.create({ name: 'Stranger' });
		await world.tables.members.put({
			project: 'bystander',
			user: stranger.id,
			role: 'owner',
			hasCode: true,
			joinedAt: new Date().toISOString(),
		});
		const person = await tokenOf('person', stranger.id);
		const runner = await tokenOf('runner', 'owner');
		expect(await closeCode(`${documentUrl}?token=${person}`)).toBe(4404);
		await world.unharmed(
			async () => {
				expect(await closeCode(`${documentUrl}?token=${person}`)).toBe(4404);
				expect(await closeCode(`${documentUrl}?token=${runner}`)).toBe(4401);
				expect(await closeCode(`${documentUrl}?token=${'x'.repeat(8000)}`)).toBe(4401);
				expect(await closeCode(`${documentUrl}?token=`)).toBe(4401);
			},
			{ tables: ['tokens'] },
		);
	});

	test('to names that are tricks ends as one to nothing', async () => {
		const base = `${world.url.replace('http', 'ws')}/sync`;
		await world.unharmed(async () => {
			for (const name of [
				`target%2f${world.batch}%2fanswers%00`,
				`target/${world.batch}/__proto__`,
				`target/${world.batch}/answers%2f%2e%2e%2fverdicts`,
				`bystander/${world.batch}/answers`,
				'%E0%A4%A',
				'%00',
				'a'.repeat(5000),
			])
				expect([name, await closeCode(`${base}/${name}?token=${ownerToken}`)]).toEqual([
					name,
					4404,
				]);
		});
	});

	test('where there are no sockets is told so', async () => {
		await world.unharmed(async () => {
			const heard = await world.raw(
				`GET /api/projects HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${btoa('0123456789abcdef')}\r\n\r\n`,
			);
			expect(heard).toMatch(/^HTTP\/1\.1 404 /);
			const odd = await world.raw(
				`GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: no\r\n\r\n`,
			);
			expect(odd).toMatch(/^HTTP\/1\.1 4\d\d /);
		});
	});
});

describe('a connection', () => {
	const join = () => WireClient.join(`${documentUrl}?token=${ownerToken}`);

	test('to /live that speaks is not listened to', async () => {
		await world.unharmed(async () => {
			const socket = new WebSocket(`${world.url.replace('http', 'ws')}/live?token=${ownerToken}`);
			await once(socket, 'message');
			for (const text of ['{"project":"target","cursor":"x"}', '{', '\0']) socket.send(text);
			socket.send(Buffer.alloc(17 << 20));
			const [code] = (await once(socket, 'close')) as [number];
			expect(code).toBeGreaterThanOrEqual(1000);
		});
	});

	test('that sends what no protocol has hurts itself alone', async () => {
		const honest = await join();
		await world.unharmed(
			async () => {
				for (const frame of [
					Buffer.alloc(17 << 20),
					Buffer.from([0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f]),
					Buffer.from([255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
					Buffer.alloc(0),
				]) {
					const client = await join();
					for (let n = 0; n < 3; n += 1) client.sendBytes(frame);
					expect(await client.barrier('after')).not.toBe('saved');
					await client.close();
				}
			},
			{ tables: ['quarantine', 'sqlite_sequence'] },
		);
		honest.edit((document) => document.getMap('draft').set('one/v/sentiment', 'positive'));
		expect(await honest.barrier()).toBe('saved');
		await honest.close();
	});
});

test('a token in the address of a socket is in no log', () => {
	expect(world.log.join('')).not.toContain(ownerToken);
});
