import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { limits } from '#sync-server/documents/gate/limits.ts';
import { cookieOf, startTestServer, type Client, type TestServer } from '../core/test-server.ts';
import { WireClient } from './wire-client.ts';

let server: TestServer;
let address: string;
let batch: string;
beforeAll(async () => {
	server = await startTestServer();
	address = server.url.replace('http', 'ws');
	await server.makeProject('Rights', [{ id: 'i1', data: { text: 'Hi' } }]);
	[batch] = await server.makeBatches('rights', { items: ['i1'], members: [server.owner.id] });
});
afterAll(() => server.remove());

const answers = (): string => `${address}/sync/rights/${batch}/answers`;
const joinWith = (token: string): Promise<WireClient> =>
	WireClient.join(`${answers()}?token=${token}`);

async function signIn(user: string, at: TestServer = server): Promise<Record<string, string>> {
	return { cookie: await cookieOf(at, user), Origin: at.url };
}

const idIs = (id: string) =>
	[{ field: 'id', operator: 'eq', value: id, connector: 'AND', ignoresCase: false }] as const;

async function live(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
	const socket = new WebSocket(url, { headers });
	await once(socket, 'message');
	return socket;
}

/** The codes that these are closed with by what is done: within a second of its answer. */
async function closedBy(
	act: () => Promise<unknown>,
	clients: readonly WireClient[],
	sockets: readonly WebSocket[],
): Promise<unknown[]> {
	const codes = sockets.map(async (socket) => (await once(socket, 'close'))[0] as number);
	const seen = clients.map((client) => client.until(() => false).then(() => client.closedWith));
	await act();
	const answeredAt = performance.now();
	const all = await Promise.all([...seen, ...codes]);
	expect(performance.now() - answeredAt).toBeLessThan(1000);
	return all;
}

async function colleague(name: string): Promise<Client> {
	const person = await server.person(name, { project: 'rights', role: 'viewer' });
	await server.ownerClient.json('PUT', `/api/projects/rights/members/${person.user}`, {
		role: 'reviewer',
	});
	return person;
}

describe('S7 what was opened with a session or token ends with it', () => {
	test('a revoked token', async () => {
		const { token, secret } = await server.ownerClient.json<{
			token: { id: string };
			secret: string;
		}>('POST', '/api/tokens', { name: 'To be revoked' });
		const document = await joinWith(secret);
		const hints = await live(`${address}/live?token=${secret}`);
		const other = await joinWith(server.ownerClient.token);
		const revoke = () => server.ownerClient.json('DELETE', `/api/tokens/${token.id}`);
		expect(await closedBy(revoke, [document], [hints])).toEqual([1008, 1008]);
		const again = new WireClient(`${answers()}?token=${secret}`);
		await again.until(() => false);
		expect(again.closedWith).toBe(4401);
		expect(await other.barrier()).toBe('saved');
		await other.close();
	});

	test('signing out, and a new password elsewhere', async () => {
		const [here, there] = [await signIn('owner'), await signIn('owner')];
		const open = async (headers: Record<string, string>) =>
			[
				await WireClient.join(answers(), { headers }),
				await live(`${address}/live`, headers),
			] as const;
		const [signedOut, kept] = [await open(here), await open(there)];
		const signOut = () => fetch(`${server.url}/api/session`, { method: 'DELETE', headers: here });
		expect(await closedBy(signOut, [signedOut[0]], [signedOut[1]])).toEqual([1008, 1008]);
		expect(await kept[0].barrier()).toBe('saved');

		const third = await signIn('owner');
		const change = async () => {
			const body = JSON.stringify({ password: 'another password' });
			const reply = await fetch(`${server.url}/api/me`, { method: 'PUT', headers: third, body });
			expect(reply.status).toBe(200);
		};
		expect(await closedBy(change, [kept[0]], [kept[1]])).toEqual([1008, 1008]);
		const back = new WireClient(answers(), { headers: there });
		await back.until(() => false);
		expect(back.closedWith).toBe(4401);
	});

	test('what a closed connection still sends is not written', async () => {
		const { token, secret } = await server.ownerClient.json<{
			token: { id: string };
			secret: string;
		}>('POST', '/api/tokens', { name: 'To be revoked too' });
		const document = await joinWith(secret);
		document.pause(true); // it does not see the goodbye, and goes on writing
		await server.ownerClient.json('DELETE', `/api/tokens/${token.id}`);
		document.edit((one) => one.getMap('draft').set('i1/v/sentiment', 'positive'));
		document.pause(false);
		await document.until(() => false);
		const reader = await joinWith(server.ownerClient.token);
		expect(reader.document.getMap('draft').size).toBe(0);
		await reader.close();
	});
});

describe('S7 what was opened with a session ends when the session has run out', () => {
	test('within a second, by itself; one that was prolonged goes on', async () => {
		const short = await startTestServer({ sessionSeconds: 3 });
		try {
			const project = await short.makeProject('Short', [{ id: 'i1', data: { text: 'Hi' } }]);
			const members = [short.owner.id];
			const [of] = await short.makeBatches(project, { items: ['i1'], members });
			const path = `/sync/${project}/${of}/answers`;
			const base = short.url.replace('http', 'ws');
			const open = async (headers: Record<string, string>) =>
				[
					await WireClient.join(base + path, { headers }),
					await live(`${base}/live`, headers),
				] as const;
			const prolonged = await signIn('owner', short);
			const [session] = await short.tables.accounts.find('session', []);
			const kept = await open(prolonged);
			await short.tables.accounts.update('session', idIs(session!['id'] as string), {
				expiresAt: new Date(Date.now() + 60_000).toISOString(),
			});
			const running = await signIn('owner', short);
			const sessions = await short.tables.accounts.find('session', []);
			const last = sessions.find(({ id }) => id !== session!['id'])!;
			const endsAtMs = Date.parse(String(last['expiresAt']));
			const ending = await open(running);
			const codes = [once(ending[1], 'close'), ending[0].until(() => false)] as const;
			const [code] = (await codes[0]) as [number];
			await codes[1];
			expect([code, ending[0].closedWith]).toEqual([1008, 1008]);
			expect(Math.abs(Date.now() - endsAtMs)).toBeLessThan(1000);
			const back = new WireClient(base + path, { headers: running });
			await back.until(() => false);
			expect(back.closedWith).toBe(4401);
			expect(await kept[0].barrier()).toBe('saved');
			expect(kept[1].readyState).toBe(WebSocket.OPEN);
			kept[1].close();
			await kept[0].close();
		} finally {
			await short.remove();
		}
	});

	test('a page of somebody else on the same device does nothing with its cookie', async () => {
		const cookie = await signIn('owner');
		const meant = new WireClient(`${answers()}?as=ada`, { headers: cookie });
		await meant.until(() => false);
		expect(meant.closedWith).toBe(4401);
		const call = (user: string) =>
			fetch(`${server.url}/api/projects`, { headers: { ...cookie, 'Flywheel-User': user } });
		expect((await call('ada')).status).toBe(401);
		expect((await call('owner')).status).toBe(200);
		const own = await WireClient.join(`${answers()}?as=owner`, { headers: cookie });
		await own.close();
	});
});

describe('S7 what the tables say of a person counts on open connections', () => {
	test('who is taken out of a project', async () => {
		const person = await colleague('Taken Out');
		const document = await joinWith(person.token);
		const hints = await live(`${address}/live?token=${person.token}`);
		// They hear once that it is gone, and nothing of what happens in it afterwards.
		const heard: string[] = [];
		hints.on('message', (data: Buffer) => heard.push(data.toString()));
		const told = once(hints, 'message');
		const takeOut = () =>
			server.ownerClient.json('DELETE', `/api/projects/rights/members/${person.user}`);
		expect(await closedBy(takeOut, [document], [])).toEqual([4404]);
		await told;
		await server.ownerClient.json('PATCH', '/api/projects/rights', { name: 'Rights' });
		const other = await live(`${address}/live?token=${server.ownerClient.token}`);
		const known = once(other, 'message');
		await server.ownerClient.json('PATCH', '/api/projects/rights', { name: 'Rights still' });
		await known;
		expect(heard).toHaveLength(1);
		hints.close();
		other.close();
	});

	test('who gets a lesser role goes on reading, and writes nothing', async () => {
		const person = await colleague('Lesser');
		const document = await joinWith(person.token);
		expect(await document.barrier('0')).toBe('saved');
		await server.ownerClient.json('PUT', `/api/projects/rights/members/${person.user}`, {
			role: 'viewer',
		});
		const owner = await joinWith(server.ownerClient.token);
		owner.edit((one) => one.getMap('draft').set('i1/v/sentiment', 'negative'));
		await document.until(() => document.document.getMap('draft').size > 0);
		document.edit((one) => one.getMap('draft').set('i1/v/sentiment', 'positive'));
		expect(await document.barrier('1')).toMatchObject({ code: 4 });
		expect(owner.document.getMap('draft').get('i1/v/sentiment')).toBe('negative');
		await Promise.all([owner.close(), document.close()]);
	});

	test('who is taken out of a batch', async () => {
		const labeler = await server.person('Labeler', { project: 'rights', role: 'labeler' });
		const members = (...names: string[]) =>
			server.ownerClient.json('PATCH', `/api/batches/${batch}`, { members: names });
		await members(server.owner.id, labeler.user);
		const document = await joinWith(labeler.token);
		expect(await closedBy(() => members(server.owner.id), [document], [])).toEqual([4404]);
	});
});

test('S5 a step 2 that is only just too large is told so', async () => {
	const client = await joinWith(server.ownerClient.token);
	expect(await client.barrier('0')).toBe('saved');
	client.send({ kind: 'step2', update: new Uint8Array(limits.step2Bytes + 1) });
	expect(await client.barrier('1')).toMatchObject({ code: 2 });
	await client.close();
});
