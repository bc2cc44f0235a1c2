import * as encoding from 'lib0/encoding';
import { expect, test } from 'vitest';
import * as awareness from 'y-protocols/awareness';
import { cleanUpAfterEach, serversIn } from './cleanups.ts';
import { WireClient } from './wire-client.ts';

const server = serversIn(cleanUpAfterEach());

function show(client: WireClient, clientId: number, clock: number, state: unknown): void {
	const update = encoding.encode((out) => {
		for (const number of [1, clientId, clock]) encoding.writeVarUint(out, number);
		encoding.writeVarString(out, JSON.stringify(state));
	});
	client.send({ kind: 'awareness', update });
}

/** What a client that heard all this believes about the others. */
function seenBy(client: WireClient): Map<number, unknown> {
	const seen = new awareness.Awareness(client.document);
	for (const message of client.heard)
		if (message.kind === 'awareness') awareness.applyAwarenessUpdate(seen, message.update, 'test');
	const states = new Map<number, unknown>(seen.getStates());
	states.delete(client.document.clientID);
	seen.destroy();
	return states;
}

const path = 'p/b/answers';

test('others see a state with the true name, and see it go', async () => {
	const { url } = await server();
	const ada = await WireClient.join(`${url}/${path}?user=ada`);
	const bob = await WireClient.join(`${url}/${path}?user=bob`);
	show(ada, 1, 1, { user: 'root', name: 'Root', item: 'i1' });
	await bob.until(() => seenBy(bob).size === 1);
	expect([...seenBy(bob)]).toEqual([[1, { user: 'ada', name: 'ADA', item: 'i1' }]]);
	const late = await WireClient.join(`${url}/${path}?user=eve`);
	expect(seenBy(late).size).toBe(1);
	await ada.close();
	await bob.until(() => seenBy(bob).size === 0);
	expect(bob.closedWith).toBeUndefined();
});

test('a connection shows one client, never another one’s', async () => {
	const { url } = await server();
	const ada = await WireClient.join(`${url}/${path}?user=ada`);
	const eve = await WireClient.join(`${url}/${path}?user=eve`);
	const bob = await WireClient.join(`${url}/${path}?user=bob`);
	show(ada, 1, 1, { item: 'i1' });
	await eve.until(() => seenBy(eve).size === 1);
	show(eve, 1, 9, { item: 'forged' });
	show(eve, 2, 1, { item: 'x'.repeat(3000) });
	show(eve, 3, 1, { item: 'i3' });
	show(eve, 4, 1, { item: 'a second one' });
	await bob.until(() => seenBy(bob).size === 2);
	expect(JSON.stringify([...seenBy(bob)])).toBe(
		JSON.stringify([
			[1, { item: 'i1', user: 'ada', name: 'ADA' }],
			[3, { item: 'i3', user: 'eve', name: 'EVE' }],
		]),
	);
});

test('a blind batch shows nobody', async () => {
	const { url, tables } = await server();
	for (const user of ['ada', 'bob'])
		tables.standings.set(`${user} ${path}`, { access: 'write', state: 'open', isBlind: true });
	const ada = await WireClient.join(`${url}/${path}?user=ada`);
	const bob = await WireClient.join(`${url}/${path}?user=bob`);
	show(ada, 1, 1, { item: 'i1' });
	// An edit that comes after it, and the answer to a question, show that it was not only late.
	ada.edit((document) => document.getMap('draft').set('i1/v/t', 1));
	await bob.until(() => bob.document.getMap('draft').size === 1);
	bob.send({ kind: 'queryAwareness' });
	await bob.until(() => bob.heard.filter(({ kind }) => kind === 'awareness').length === 2);
	expect(seenBy(bob).size).toBe(0);
});
