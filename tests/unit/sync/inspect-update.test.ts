import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { inspectUpdate, type GateVerdict } from '#sync-server/documents/gate/inspect-update.ts';
import { limits } from '#sync-server/documents/gate/limits.ts';
import { honestDocument, hostileUpdates, submission } from './hostile-updates.ts';

const owners = new Map([
	[1, 'ada'],
	[2, 'bob'],
]);

function word(verdict: GateVerdict): string {
	return verdict.kind === 'refuse' ? verdict.refusal : verdict.kind;
}

describe('S5 what someone sends who means harm', () => {
	const document = honestDocument();
	test.for(hostileUpdates(document))('$name: $verdict', ({ update, verdict }) => {
		const before = Y.encodeStateAsUpdate(document);
		const found = inspectUpdate(update, { document, part: 'answers', user: 'eve', owners });
		expect(word(found)).toBe(verdict);
		expect(Y.encodeStateAsUpdate(document)).toEqual(before);
	});
});

/** A server's document and a client's, with what the client says to it. */
function conversation(part: Part = 'answers') {
	const server = new Y.Doc();
	const known = new Map<number, string>();
	const say = (user: string, update: Uint8Array): string => {
		const verdict = inspectUpdate(update, { document: server, part, user, owners: known });
		if (verdict.kind === 'ok') {
			for (const client of verdict.claims) known.set(client, user);
			Y.applyUpdate(server, update);
		}
		return word(verdict);
	};
	const join = (clientId: number): Y.Doc => {
		const client = new Y.Doc();
		client.clientID = clientId;
		Y.applyUpdate(client, Y.encodeStateAsUpdate(server));
		return client;
	};
	const sync = (user: string, client: Y.Doc): string => {
		const said = say(user, Y.encodeStateAsUpdate(client, Y.encodeStateVector(server)));
		Y.applyUpdate(client, Y.encodeStateAsUpdate(server));
		return said;
	};
	return { server, say, join, sync };
}

describe('S6 entries have one author', () => {
	test('a verdict is changed by its author, who is in its key', () => {
		const { server, join, sync } = conversation('verdicts');
		const bob = join(2);
		const verdict = (kind: string): object => ({ kind, at: '2026-01-01T00:00:00Z' });
		bob.getMap('verdict').set('i1/s1/bob', verdict('accepted'));
		expect(sync('bob', bob)).toBe('ok');
		bob.getMap('verdict').set('i1/s1/bob', verdict('returned'));
		expect(sync('bob', bob)).toBe('ok');
		expect(server.getMap('verdict').get('i1/s1/bob')).toEqual(verdict('returned'));
		const eve = join(3);
		eve.getMap('verdict').set('i1/s1/bob', verdict('accepted'));
		expect(sync('eve', eve)).toBe('shape');
		const other = join(4);
		other.getMap('verdict').set('i1/s1/eve', verdict('accepted'));
		expect(sync('eve', other)).toBe('ok');
	});

	test('an author who wrote from two tabs apart keeps one entry, whatever the order', () => {
		for (const [first, second] of [
			[5, 9],
			[9, 5],
		] as const) {
			const { server, join, sync } = conversation('verdicts');
			const tabs = [join(first), join(second)];
			for (const [index, tab] of tabs.entries())
				tab.getMap('verdict').set('i1/s1/bob', {
					kind: 'accepted',
					at: '2026-01-01T00:00:00Z',
					note: `${index}`,
				});
			for (const tab of [...tabs, ...tabs]) expect(['ok', 'known']).toContain(sync('bob', tab));
			expect(server.getMap('verdict').size).toBe(1);
			expect(tabs.map((tab) => tab.getMap('verdict').toJSON())).toEqual(
				tabs.map(() => server.getMap('verdict').toJSON()),
			);
		}
	});

	test('an entry is not deleted by a dead item put beside it', () => {
		const { server, join, say, sync } = conversation('notes');
		const note = { item: 'i1', by: 'ada', at: '2026-01-01T00:00:00Z', text: 'hello' };
		const ada = join(1);
		ada.getMap('note').set('n1', note);
		expect(sync('ada', ada)).toBe('ok');
		const before = Y.encodeStateVector(ada);
		ada.getMap('note').set('n1', { ...note, text: 'bye' });
		ada.getMap('note').delete('n1');
		expect(say('ada', Y.encodeStateAsUpdate(ada, before))).toBe('authored');
		// Concurrently, with a client id that wins against the first.
		const apart = new Y.Doc();
		apart.clientID = 99;
		apart.getMap('note').set('n1', note);
		apart.getMap('note').delete('n1');
		expect(say('ada', Y.encodeStateAsUpdate(apart))).toBe('authored');
		expect(server.getMap('note').get('n1')).toEqual(note);
	});

	test('the same submission again is no change; another answer under its id is', () => {
		const { join, sync } = conversation();
		const ada = join(1);
		ada.getMap('submitted').set('s1', submission('positive'));
		expect(sync('ada', ada)).toBe('ok');
		const again = join(8);
		again.getMap('submitted').set('s1', submission('positive'));
		expect(sync('ada', again)).toBe('ok');
		const other = join(9);
		other.getMap('submitted').set('s1', submission('negative'));
		expect(sync('ada', other)).toBe('authored');
	});
});

describe('S13 what Yjs would look for too long to place', () => {
	/** So many letters of one text that know nothing of each other, and a few values of one key likewise. */
	function crowded(letters: number, values: number): Y.Doc {
		const document = new Y.Doc();
		for (let client = 0; client < Math.max(letters, values); client++) {
			const apart = new Y.Doc();
			apart.clientID = 10 + client;
			if (client < letters) apart.getText('text/i1/why').insert(0, 'x');
			if (client < values) apart.getMap('draft').set('i1/v/t', client);
			Y.applyUpdate(document, Y.encodeStateAsUpdate(apart));
		}
		return document;
	}
	const judge = (document: Y.Doc, write: (apart: Y.Doc) => void, mayCopy?: false): GateVerdict => {
		const apart = new Y.Doc();
		write(apart);
		const update = Y.encodeStateAsUpdate(apart);
		const context = { document, part: 'answers', user: 'eve', owners } as const;
		return inspectUpdate(update, mayCopy === undefined ? context : { ...context, mayCopy });
	};

	test('one word apart from many passes, and counts what it stands beside', () => {
		const document = crowded(2000, 300);
		const word = judge(document, (apart) => apart.getText('text/i1/why').insert(0, 'word'));
		expect(word).toMatchObject({ kind: 'ok', work: 2000 });
		const value = judge(document, (apart) => apart.getMap('draft').set('i1/v/t', 'mine'));
		expect(value).toMatchObject({ kind: 'ok' });
		expect(value.kind === 'ok' && value.work).toBeGreaterThanOrEqual(300);
	});

	test('many words apart from many are judged aside, and refused there where they are too many', () => {
		const document = crowded(2000, 0);
		const words = (count: number) => (apart: Y.Doc) => {
			// Each of a client that saw none of the others.
			for (let client = 0; client < count; client++) {
				const one = new Y.Doc();
				one.clientID = 100_000 + client;
				one.getText('text/i1/why').insert(0, 'y');
				Y.applyUpdate(apart, Y.encodeStateAsUpdate(one));
			}
		};
		expect(word(judge(document, words(20), false))).toBe('copy');
		expect(word(judge(document, words(20)))).toBe('ok');
		expect(word(judge(document, words(200)))).toBe('limit');
	});

	test('a value of a key with 500 others that saw nothing of each other is one too many', () => {
		const set = (apart: Y.Doc): void => void apart.getMap('draft').set('i1/v/t', 'mine');
		expect(word(judge(crowded(0, 500), set))).toBe('ok');
		expect(word(judge(crowded(0, 501), set))).toBe('limit');
	});

	test('a value that was changed a thousand times is no crowd', () => {
		const document = new Y.Doc();
		for (let index = 0; index < 1000; index++)
			for (const tool of ['s', 't']) document.getMap('draft').set(`i1/v/${tool}`, index);
		const value = judge(document, (apart) => apart.getMap('draft').set('i1/v/t', 'mine'));
		expect(value).toMatchObject({ kind: 'ok' });
		expect(value.kind === 'ok' && value.work).toBeGreaterThanOrEqual(1000);
		const tabs = judge(document, (apart) => {
			for (const client of [901, 902]) {
				const tab = new Y.Doc();
				tab.clientID = client;
				for (let index = 0; index < 1000; index++)
					for (const tool of ['s', 't']) tab.getMap('draft').set(`i1/v/${tool}`, index);
				Y.applyUpdate(apart, Y.encodeStateAsUpdate(tab));
			}
		});
		expect(word(tabs)).toBe('ok');
	});

	test('who saw what is there costs nothing, whatever is written', () => {
		const document = crowded(300, 300);
		const mine = new Y.Doc();
		Y.applyUpdate(mine, Y.encodeStateAsUpdate(document));
		const before = Y.encodeStateVector(mine);
		const text = mine.getText('text/i1/why');
		for (let index = 0; index < 500; index++) {
			text.insert((index * 7) % text.length, 'more');
			text.insert(0, 'first');
			mine.getMap('draft').set('i1/v/t', `mine ${index}`);
			mine.getMap('draft').set(`i1/r/${index}`, { tool: 'box' });
		}
		const update = Y.encodeStateAsUpdate(mine, before);
		const context = { document, part: 'answers', user: 'eve', owners, mayCopy: false } as const;
		expect(inspectUpdate(update, context)).toMatchObject({ kind: 'ok', work: 1 });
		const whole = Y.encodeStateAsUpdate(mine);
		const anew = inspectUpdate(whole, { ...context, document: new Y.Doc() });
		expect(word(anew)).not.toBe('limit');
	});

	test('one client too many for a document is refused, more of those it has are not', () => {
		const document = new Y.Doc();
		for (let client = 0; client < limits.documentClients; client++)
			document.store.clients.set(client + 10, [new Y.GC(Y.createID(client + 10, 0), 1)]);
		const known = new Map([[10, 'eve']]);
		const context = { document, part: 'answers', user: 'eve', owners: known } as const;
		const write = (client: number, clock: number): string => {
			const one = new Y.Doc();
			one.clientID = client;
			one.getMap('draft').set('i1/v/a', 1);
			one.getMap('draft').set('i1/v/b', 1);
			const from = new Map([[client, clock]]);
			return word(inspectUpdate(Y.encodeStateAsUpdate(one, Y.encodeStateVector(from)), context));
		};
		expect(write(10, 1)).toBe('ok');
		expect(write(5, 0)).toBe('limit');
	});

	test('a deletion of more than a turn can take is judged aside', () => {
		const document = new Y.Doc();
		document.transact(() => {
			for (let index = 0; index <= limits.mainThreadItems; index++)
				document.getMap('draft').set(`i1/r/${index}`, 1);
		});
		const mine = new Y.Doc();
		Y.applyUpdate(mine, Y.encodeStateAsUpdate(document));
		const before = Y.encodeStateVector(mine);
		mine.transact(() => mine.getMap('draft').clear());
		const update = Y.encodeStateAsUpdate(mine, before);
		const context = { document, part: 'answers', user: 'eve', owners } as const;
		expect(word(inspectUpdate(update, { ...context, mayCopy: false }))).toBe('copy');
		expect(inspectUpdate(update, context)).toMatchObject({
			kind: 'ok',
			work: limits.mainThreadItems + 1,
		});
	});
});

describe('honest work passes', () => {
	test('typing, formatting nothing, deleting, undoing', () => {
		const { server, join, sync } = conversation();
		const [ada, bob] = [join(1), join(2)];
		const text = ada.getText('text/i1/why');
		const undo = new Y.UndoManager([text, ada.getMap('draft')], { captureTimeout: 0 });
		text.insert(0, 'because of the plot');
		ada.getMap('draft').set('i1/r/a', { tool: 'box', shape: [0, 0, 1, 1], label: undefined });
		text.delete(3, 5);
		expect(sync('ada', ada)).toBe('ok');
		undo.undo();
		undo.undo();
		expect(sync('ada', ada)).toBe('ok');
		Y.applyUpdate(bob, Y.encodeStateAsUpdate(server));
		bob.getText('text/i1/why').insert(4, ' and ');
		bob.getMap('draft').delete('i1/r/a');
		expect(sync('bob', bob)).toBe('ok');
		undo.redo();
		expect(sync('ada', ada)).toBe('ok');
		expect(ada.getText('text/i1/why').toJSON()).toBe(server.getText('text/i1/why').toJSON());
	});
});
