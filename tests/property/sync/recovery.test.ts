import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { findingRecoverable } from '#app/documents/restored/recoverable-update.ts';
import { inspectUpdate } from '#sync-server/documents/gate/inspect-update.ts';
import { hasPending } from '#sync-server/log/compact-document.ts';
import { submission } from '../../unit/sync/hostile-updates.ts';
import { toTheEnd } from '../../support/to-the-end.ts';

/**
 * A few people in several tabs work over a server that is put back to an older state. In whatever order their
 * browsers come afterwards, and how often, nothing that is in a browser which came is missing, nothing is
 * there twice, and nobody's work is anybody else's.
 */
const people = ['ada', 'bob', 'eve'] as const;
type Person = (typeof people)[number];

const tab = fc.nat({ max: 5 });
const small = fc.nat({ max: 5 });
const step = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('draft' as const), tab, key: small }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('take away' as const), tab, key: small }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('type' as const), tab, key: small }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('submit' as const), tab, key: small }) },
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('sync' as const), tab, key: small }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('open anew' as const), tab, key: small }) },
);

interface Side {
	readonly doc: Y.Doc;
	readonly owners: Map<number, string>;
}

function write(
	side: Side,
	user: string,
	update: Uint8Array,
	ownClients?: ReadonlySet<number>,
): string {
	const { doc: document, owners } = side;
	const verdict = inspectUpdate(update, { document, part: 'answers', user, owners, ownClients });
	if (verdict.kind !== 'ok') return verdict.kind === 'refuse' ? verdict.refusal : verdict.kind;
	for (const client of verdict.claims) owners.set(client, user);
	for (const client of verdict.recovered)
		if (!owners.has(client)) owners.set(client, `recovered:${user}`);
	Y.applyUpdate(document, update);
	expect(hasPending(document)).toBe(false);
	return verdict.kind;
}

interface Browser {
	readonly user: Person;
	doc: Y.Doc;
	readonly own: Set<number>;
	readonly submitted: Set<string>;
}

function bringBack(browser: Browser, server: Side): string {
	const { user, doc, own } = browser;
	const ownerOf = (client: number) => server.owners.get(client);
	const isOthers = (client: number) => {
		const owner = ownerOf(client);
		return owner !== undefined && owner !== user && !owner.startsWith('recovered:');
	};
	const { update } = toTheEnd(
		findingRecoverable(doc, {
			clocks: Y.decodeStateVector(Y.encodeStateVector(server.doc)),
			state: server.doc,
			mayBring: (client) => !isOthers(client),
			isOwn: (client) => own.has(client) || ownerOf(client) === user,
		}),
	);
	return update ? write(server, user, update, own) : 'nothing';
}

test('S16 after an older state was put back, what is in any browser that comes is there, once, and theirs', () => {
	fc.assert(
		fc.property(
			fc.array(step, { minLength: 10, maxLength: 60 }),
			fc.nat({ max: 60 }),
			fc.array(tab, { minLength: 6, maxLength: 20 }),
			(steps, backupAt, arrivals) => {
				const before: Side = { doc: new Y.Doc(), owners: new Map() };
				const browsers = Array.from({ length: 6 }, (_, index): Browser => {
					const doc = new Y.Doc();
					return {
						user: people[index % 3]!,
						doc,
						own: new Set([doc.clientID]),
						submitted: new Set(),
					};
				});
				let backup: Side = { doc: new Y.Doc(), owners: new Map() };
				for (const [index, { kind, tab: at, key }] of steps.entries()) {
					if (index === backupAt) backup = copyOf(before);
					const browser = browsers[at]!;
					const { doc } = browser;
					if (kind === 'draft') doc.getMap('draft').set(`i${key}/v/t`, `${at} ${index}`);
					if (kind === 'take away') doc.getMap('draft').delete(`i${key}/v/t`);
					if (kind === 'type') doc.getText('text/i1/why').insert(0, `${index} `);
					if (kind === 'submit') {
						doc.getMap('submitted').set(`s${index}`, submission('positive'));
						browser.submitted.add(`s${index}`);
					}
					if (kind === 'open anew') {
						browser.doc = new Y.Doc();
						Y.applyUpdate(browser.doc, Y.encodeStateAsUpdate(doc));
						browser.own.add(browser.doc.clientID);
					}
					if (kind === 'sync') {
						const vector = Y.encodeStateVector(before.doc);
						const said = write(before, browser.user, Y.encodeStateAsUpdate(doc, vector));
						expect(['ok', 'known']).toContain(said);
						Y.applyUpdate(doc, Y.encodeStateAsUpdate(before.doc));
					}
				}

				const server = backup;
				for (const at of arrivals)
					expect(['ok', 'known', 'nothing']).toContain(bringBack(browsers[at]!, server));
				// Everybody came at last, and twice: what waited for somebody else's has been brought.
				for (const browser of [...browsers, ...browsers])
					expect(['ok', 'known', 'nothing']).toContain(bringBack(browser, server));

				const everything = new Y.Doc();
				Y.applyUpdate(everything, Y.encodeStateAsUpdate(server.doc));
				for (const { doc } of browsers) Y.applyUpdate(everything, Y.encodeStateAsUpdate(doc));
				for (const root of ['draft', 'submitted'])
					expect(server.doc.getMap(root).toJSON()).toEqual(everything.getMap(root).toJSON());
				expect(server.doc.getText('text/i1/why').toJSON()).toBe(
					everything.getText('text/i1/why').toJSON(),
				);
				for (const { user, submitted } of browsers)
					for (const id of submitted) {
						const { client } = server.doc.getMap('submitted')._map.get(id)!.id;
						const owner = server.owners.get(client);
						expect(owner === user || owner?.startsWith('recovered:')).toBe(true);
					}
				for (const [client, owner] of server.owners)
					if (!owner.startsWith('recovered:'))
						expect(browsers.some(({ user, own }) => user === owner && own.has(client))).toBe(true);
			},
		),
		{ numRuns: 300 },
	);
});

function copyOf({ doc, owners }: Side): Side {
	const copy = new Y.Doc();
	Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
	return { doc: copy, owners: new Map(owners) };
}
