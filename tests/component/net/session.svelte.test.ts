import { afterEach, expect, onTestFinished, test } from 'vitest';
import { Api, ApiError, Offline } from '#app/net/api.ts';
import { KeptPerson } from '#app/net/kept-person.ts';
import { Session } from '#app/net/session.svelte.ts';
import { answerFetch, json, nobody } from './scripted-fetch.ts';

const me = {
	user: { id: 'u1', name: 'Ada', email: null },
	epoch: 'e1',
	canWorkOffline: true,
	url: 'http://here',
};

afterEach(async () => {
	localStorage.clear();
	const kept = new KeptPerson();
	await kept.forget();
	kept.close();
});

function newSession(): Session {
	const session = new Session(new Api());
	onTestFinished(() => session.close());
	return session;
}

test('a person who was here opens the app as themselves without a network', async () => {
	let isUp = true;
	answerFetch(() => (isUp ? json(me) : nobody()));
	await newSession().load();
	isUp = false;
	const later = newSession();
	expect(later.me?.user.id).toBe('u1');
	expect(later.state).toBe('unknown');
	await later.load();
	expect(later.state).toBe('offline');
	expect(later.me?.user.id).toBe('u1');
});

test('who signed in just before a crash, which localStorage forgets, opens the app without a network', async () => {
	let isUp = true;
	answerFetch(() => (isUp ? json(me) : nobody()));
	await newSession().load();
	isUp = false;
	localStorage.clear();
	const later = newSession();
	await later.load();
	expect([later.state, later.me]).toEqual(['offline', me]);
});

test('who signed out, or was here before somebody else, is not brought back', async () => {
	const bob = { ...me, user: { id: 'u2', name: 'Bob', email: null } };
	let present = me;
	let isUp = true;
	answerFetch((_url, init) => {
		if (!isUp) return nobody();
		return init?.method === 'DELETE' ? new Response(null, { status: 204 }) : json(present);
	});
	const session = newSession();
	await session.load();
	present = bob;
	await session.load();
	isUp = false;
	localStorage.clear();
	const later = newSession();
	await later.load();
	expect(later.me?.user.id).toBe('u2');
	isUp = true;
	await later.signOut();
	isUp = false;
	const last = newSession();
	await last.load();
	expect([last.state, last.me]).toEqual(['offline', undefined]);
});

test('a session that ended elsewhere takes nobody off the page; signing out does', async () => {
	let isIn = true;
	const { requests } = answerFetch((_url, init) => {
		if (init?.method === 'DELETE') return new Response(null, { status: 204 });
		return isIn
			? json(me)
			: json({ error: { code: 'signed_out', message: 'Sign in', hint: 'There' } }, 401);
	});
	const session = newSession();
	await session.load();
	isIn = false;
	await session.load();
	expect([session.state, session.me?.user.id]).toEqual(['signed-out', 'u1']);
	await session.signOut();
	expect([session.state, session.me]).toEqual(['signed-out', undefined]);
	expect(requests.at(-1)).toBe('DELETE /api/session');
	expect(newSession().me).toBeUndefined();
});

test('what is left of another program is not taken for a person', async () => {
	localStorage.setItem('flywheel-me', '{"user":');
	expect(newSession().me).toBeUndefined();
	localStorage.setItem('flywheel-me', '{"user":{"id":7}}');
	expect(newSession().me).toBeUndefined();
	answerFetch(() => nobody());
	const kept = new KeptPerson();
	onTestFinished(() => kept.close());
	await kept.keep({ user: { id: 7 } });
	const session = newSession();
	await session.load();
	expect(session.me).toBeUndefined();
});

test('a refusal carries its code and hint; a proxy without a server behind it is a missing network', async () => {
	const answers = [
		json({ error: { code: 'name_taken', message: 'There is one', hint: 'Another' } }, 409),
		new Response('<h1>Bad gateway</h1>', { status: 502 }),
		new Response('{"cut', { status: 200 }),
	];
	answerFetch(() => answers.shift() ?? nobody());
	const api = new Api();
	const refused = await api.post('/api/projects', {}).catch((error: unknown) => error);
	expect(refused).toBeInstanceOf(ApiError);
	expect(refused).toMatchObject({ code: 'name_taken', status: 409, hint: 'Another' });
	for (const path of ['/a', '/b', '/c'])
		await expect(api.get(path)).rejects.toBeInstanceOf(Offline);
});

test('an aborted request says so, and is not a missing network', async () => {
	answerFetch(() => json(me));
	const signal = AbortSignal.abort(new Error('left the page'));
	await expect(new Api().get('/api/me', { signal })).rejects.toThrow('left the page');
});

test('all tabs hear that somebody signed in, and that a sign-in has ended', async () => {
	let isIn = true;
	answerFetch((_url, init) => {
		if (init?.method === 'POST') isIn = true;
		return isIn ? json(me) : json({ error: { code: 'signed_out', message: 'Sign in' } }, 401);
	});
	const [here, there] = [newSession(), newSession()];
	await Promise.all([here.load(), there.load()]);
	isIn = false;
	here.expire('somebody else');
	expect(here.state).toBe('signed-in');
	here.expire('u1');
	await expect.poll(() => there.state).toBe('signed-out');
	expect(there.me?.user.id).toBe('u1');
	await there.signInByPassword('Ada', 'a password');
	await expect.poll(() => here.state).toBe('signed-in');
});

test('every request says whose page it comes from, but for asking who is signed in', async () => {
	const said: [string, string | null][] = [];
	answerFetch((url, init) => {
		said.push([url.pathname, new Headers(init?.headers).get('flywheel-user')]);
		return json(me);
	});
	const api: Api = new Api('', () => session.me?.user.id);
	const session: Session = new Session(api);
	onTestFinished(() => session.close());
	await session.load();
	await api.post('/api/projects', {});
	await session.signOut();
	expect(said).toEqual([
		['/api/me', null],
		['/api/projects', 'u1'],
		['/api/session', 'u1'],
	]);
});
