import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let project: string;
beforeAll(async () => {
	server = await startTestServer();
	project = await server.makeProject('Team');
});
afterAll(() => server.remove());

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
	fetch(server.url + path, { method: 'POST', body: JSON.stringify(body), headers });

async function invite(body: object): Promise<string> {
	const { link } = await server.ownerClient.json<{ link: string }>(
		'POST',
		`/api/projects/${project}/invites`,
		body,
	);
	expect(link).toContain(`${server.url}/join#`);
	return link.split('#')[1]!;
}

test('a new person looks, joins, is signed in, and the link is used up', async () => {
	const token = await invite({ role: 'labeler', name: 'Lin' });
	const look = await post('/api/invites/look', { token });
	expect(await look.json()).toEqual({ project, name: 'Team', role: 'labeler', for: 'Lin' });
	const joined = await post('/api/invites/accept', { token, name: 'Lin Chen' });
	expect(joined.status).toBe(200);
	const cookie = joined.headers.getSetCookie()[0]!.split(';')[0]!;
	const me = await fetch(`${server.url}/api/me`, { headers: { cookie } });
	expect(await me.json()).toMatchObject({
		user: { id: 'lin-chen', name: 'Lin Chen', email: null },
	});
	expect((await server.tables.members.find(project, 'lin-chen'))?.role).toBe('labeler');
	const again = await post('/api/invites/accept', { token, name: 'Someone' });
	expect(again.status).toBe(401);
	expect(await codeOf(again)).toBe('link_used');
	expect(await server.accounts.find('someone')).toBeUndefined();
});

test('of two who open one link at once, one joins', async () => {
	const token = await invite({ role: 'viewer' });
	const replies = await Promise.all(
		['First', 'Second'].map((name) => post('/api/invites/accept', { token, name })),
	);
	expect(replies.map(({ status }) => status).sort()).toEqual([200, 401]);
	const people = await Promise.all(['first', 'second'].map((id) => server.accounts.find(id)));
	expect(people.filter((person) => person !== undefined)).toHaveLength(1);
});

test('who is a member already keeps the higher role', async () => {
	const reviewer = await server.person('Rosa', { project, role: 'reviewer' });
	const lower = await invite({ role: 'labeler' });
	await reviewer.json('POST', '/api/invites/accept', { token: lower });
	expect((await server.tables.members.find(project, reviewer.user))?.role).toBe('reviewer');
	const higher = await invite({ role: 'lead' });
	await reviewer.json('POST', '/api/invites/accept', { token: higher });
	expect((await server.tables.members.find(project, reviewer.user))?.role).toBe('lead');
});

test('an invitation taken back serves nobody', async () => {
	const token = await invite({ role: 'viewer', name: 'Gone' });
	const { invites } = await server.ownerClient.json<{
		invites: { id: string; name: string | null }[];
	}>('GET', `/api/projects/${project}/invites`);
	expect(JSON.stringify(invites)).not.toContain(token);
	const { id } = invites.find(({ name }) => name === 'Gone')!;
	await server.ownerClient.json('DELETE', `/api/projects/${project}/invites/${id}`);
	expect((await post('/api/invites/look', { token })).status).toBe(401);
});

test('a lead makes and unmakes no owner, and the last owner stays', async () => {
	const lead = await server.person('Lea', { project, role: 'lead' });
	const owners = [
		['POST', `/api/projects/${project}/invites`, { role: 'owner' }],
		['PUT', `/api/projects/${project}/members/${lead.user}`, { role: 'owner' }],
		['PUT', `/api/projects/${project}/members/owner`, { role: 'viewer' }],
		['DELETE', `/api/projects/${project}/members/owner`, undefined],
	] as const;
	for (const [method, path, body] of owners)
		expect((await lead.call(method, path, body)).status).toBe(403);
	const last = await server.ownerClient.call('DELETE', `/api/projects/${project}/members/owner`);
	expect(last.status).toBe(409);
	expect(await codeOf(last)).toBe('conflict');
});

test('a labeler sees themselves among the members, a reviewer sees all', async () => {
	const labeler = await server.person('Lou', { project, role: 'labeler' });
	const members = async (client: typeof labeler) =>
		(
			await client.json<{ members: { user: string }[] }>('GET', `/api/projects/${project}/members`)
		).members.map(({ user }) => user);
	expect(await members(labeler)).toEqual(['lou']);
	expect((await members(server.ownerClient)).length).toBeGreaterThan(3);
	expect((await labeler.call('GET', `/api/projects/${project}/invites`)).status).toBe(403);
});
