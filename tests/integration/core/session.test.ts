import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, sentiment, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let url: string;
beforeAll(async () => {
	server = await startTestServer();
	url = server.url;
});
afterAll(() => server.remove());

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
	fetch(url + path, { method: 'POST', body: JSON.stringify(body), headers });

async function signIn(user: string): Promise<string> {
	const token = await server.accounts.signInLink(user);
	const reply = await post('/api/session/link', { token }, { Origin: url });
	return reply.headers.getSetCookie()[0]!.split(';')[0]!;
}

describe('signing in', () => {
	test('a link signs in once, with a cookie that scripts and other sites do not get', async () => {
		const token = await server.accounts.signInLink('owner');
		const first = await post('/api/session/link', { token });
		expect(first.status).toBe(200);
		expect(await first.json()).toMatchObject({ user: { id: 'owner' }, epoch: server.epoch });
		const [cookie] = first.headers.getSetCookie();
		expect(cookie).toMatch(new RegExp(`^flywheel-${server.address.port}=`));
		expect(cookie).toContain('HttpOnly');
		expect(cookie).toContain('SameSite=Lax');
		const second = await post('/api/session/link', { token });
		expect(second.status).toBe(401);
		expect(await codeOf(second)).toBe('link_used');
	});

	test('on https the cookie is Secure', async () => {
		const secure = await startTestServer({ url: 'https://flywheel.example' });
		try {
			const { cookies } = await secure.accounts.useLink(
				await secure.accounts.signInLink('owner'),
				new Request('https://flywheel.example/'),
			);
			expect(cookies[0]).toContain('Secure');
		} finally {
			await secure.remove();
		}
	});

	test('the tables hold nothing that signs anybody in', async () => {
		const cookie = await signIn('owner');
		const token = decodeURIComponent(cookie.split('=')[1]!).split('.')[0]!;
		const kept = JSON.stringify([
			await server.tables.accounts.find('session', []),
			await server.tables.accounts.find('verification', []),
			await server.tables.tokens.listOf('owner'),
		]);
		expect(kept).not.toContain(token);
	});

	test('a password signs in by name, id and address; a wrong one and a stranger look alike', async () => {
		await server.accounts.create({
			name: 'Ada Lovelace',
			email: 'ada@example.org',
			password: 'difference engine',
		});
		for (const name of ['ada lovelace', 'ada-lovelace', 'ADA@example.org'])
			expect(
				(await post('/api/session/password', { name, password: 'difference engine' })).status,
			).toBe(200);
		const wrong = await post('/api/session/password', { name: 'Ada Lovelace', password: 'guess' });
		const nobody = await post('/api/session/password', { name: 'Nobody', password: 'guess' });
		expect(wrong.status).toBe(401);
		expect(await wrong.json()).toEqual(await nobody.json());
	});

	test('guessing is stopped, even with the right password at last', async () => {
		await server.accounts.create({ name: 'Grace', password: 'compilers win' });
		for (let i = 0; i < 10; i++)
			await post('/api/session/password', { name: 'Grace', password: `guess ${i}` });
		const reply = await post('/api/session/password', { name: 'Grace', password: 'compilers win' });
		expect(reply.status).toBe(429);
		expect(await codeOf(reply)).toBe('too_many_attempts');
	});

	test('signing out ends the session', async () => {
		const cookie = await signIn('owner');
		const headers = { cookie, Origin: url };
		expect((await fetch(`${url}/api/me`, { headers })).status).toBe(200);
		const out = await fetch(`${url}/api/session`, { method: 'DELETE', headers });
		expect(out.status).toBe(204);
		expect((await fetch(`${url}/api/me`, { headers })).status).toBe(401);
	});

	test('a new password ends the sessions of other devices and keeps this one', async () => {
		const { id } = await server.accounts.create({ name: 'Lin' });
		const [here, there] = [await signIn(id), await signIn(id)];
		const changed = await fetch(`${url}/api/me`, {
			method: 'PUT',
			headers: { cookie: here, Origin: url },
			body: JSON.stringify({ password: 'a new password' }),
		});
		const renewed = changed.headers.getSetCookie()[0]!.split(';')[0]!;
		expect((await fetch(`${url}/api/me`, { headers: { cookie: there } })).status).toBe(401);
		expect((await fetch(`${url}/api/me`, { headers: { cookie: renewed } })).status).toBe(200);
	});
});

describe('the cookie', () => {
	test('counts for writes from our own pages only', async () => {
		const cookie = await signIn('owner');
		const write = (headers: Record<string, string>) =>
			fetch(`${url}/api/me`, { method: 'PUT', headers: { cookie, ...headers }, body: '{}' });
		expect((await write({ Origin: url })).status).toBe(200);
		for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'null' }, {}]) {
			const reply = await write(headers);
			expect(reply.status).toBe(403);
			expect(await codeOf(reply)).toBe('cross_site');
		}
	});

	test('a foreign page cannot sign its visitors in', async () => {
		const token = await server.accounts.signInLink('owner');
		const reply = await post('/api/session/link', { token }, { Origin: 'https://evil.example' });
		expect(reply.status).toBe(403);
	});

	test('never opens git', async () => {
		const cookie = await signIn('owner');
		await server.createProject({
			name: 'Cookies',
			schema: sentiment,
			reviews: false,
			by: 'owner',
		});
		const reply = await fetch(`${url}/git/cookies.git/info/refs?service=git-upload-pack`, {
			headers: { cookie, Origin: url },
		});
		expect(reply.status).toBe(401);
		expect(reply.headers.get('www-authenticate')).toContain('Basic');
	});
});

describe('API tokens', () => {
	test('are shown once, listed without their secret, and worth nothing once revoked', async () => {
		const { token, secret } = await server.ownerClient.json<{
			token: { id: string };
			secret: string;
		}>('POST', '/api/tokens', { name: 'script' });
		expect(secret).toMatch(/^fw_[\w-]{43}$/);
		const me = () => fetch(`${url}/api/me`, { headers: { Authorization: `Bearer ${secret}` } });
		expect((await me()).status).toBe(200);
		expect(JSON.stringify(await server.ownerClient.json('GET', '/api/tokens'))).not.toContain(
			secret,
		);
		await server.ownerClient.json('DELETE', `/api/tokens/${token.id}`);
		expect((await me()).status).toBe(401);
	});

	test('of a runner opens no call of a person', async () => {
		const { secret } = await server.ownerClient.json<{ secret: string }>('POST', '/api/tokens', {
			name: 'machine',
			kind: 'runner',
		});
		const headers = { Authorization: `Bearer ${secret}` };
		expect((await fetch(`${url}/api/projects`, { headers })).status).toBe(404);
	});
});
