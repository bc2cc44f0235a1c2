import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { MemoryDisk } from '#sync-server/log/memory-log.ts';
import { startSyncServer } from '../../integration/sync/sync-server.ts';
import { WireClient } from '../../integration/sync/wire-client.ts';

type Step =
	| { readonly kind: 'edit'; readonly who: number; readonly key: number }
	| { readonly kind: 'save'; readonly who: number }
	| { readonly kind: 'cut'; readonly who: number }
	| { readonly kind: 'join'; readonly who: number }
	| { readonly kind: 'abandon'; readonly who: number }
	| { readonly kind: 'disk fails' }
	| { readonly kind: 'server restarts' };

const people = 4;
const who = fc.nat({ max: people - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.record({ kind: fc.constant('edit'), who, key: fc.nat({ max: 5 }) }),
	},
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('save'), who }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('cut'), who }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('join'), who }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('abandon'), who }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('disk fails') }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('server restarts') }) },
);

test('clients converge through cuts, full disks and restarts, and what was acknowledged survives', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
			const disk = new MemoryDisk();
			const start = () => startSyncServer({ disk, compactionRows: 4, idleBytes: 0 });
			let server = await start();
			const documents = Array.from({ length: people }, () => new Y.Doc());
			const clients: (WireClient | undefined)[] = documents.map(() => undefined);
			const unsaved = documents.map(() => new Set<string>());
			const saved = new Set<string>();
			let edits = 0;
			const isUp = (client: WireClient | undefined): client is WireClient =>
				client !== undefined && client.closedWith === undefined;
			const join = async (index: number): Promise<void> => {
				if (isUp(clients[index])) return;
				const url = `${server.url}/p/b/answers?user=u${index}`;
				clients[index] = await WireClient.join(url, { document: documents[index]! });
			};
			const save = async (index: number): Promise<void> => {
				const client = clients[index];
				if (!isUp(client)) return;
				const covered = [...unsaved[index]!];
				if ((await client.barrier(`${edits}`)) !== 'saved') return;
				for (const key of covered) {
					saved.add(key);
					unsaved[index]!.delete(key);
				}
			};
			for (const one of steps) {
				switch (one.kind) {
					case 'edit': {
						const key = `e${edits++}/v/t`;
						const change = (document: Y.Doc): void => {
							document.getMap('draft').set(key, 1);
							document.getMap('draft').set(`shared${one.key}/v/t`, edits);
						};
						const client = clients[one.who];
						if (isUp(client)) client.edit(change);
						else documents[one.who]!.transact(() => change(documents[one.who]!));
						unsaved[one.who]!.add(key);
						break;
					}
					case 'save':
						await save(one.who);
						break;
					case 'cut':
						await clients[one.who]?.close();
						break;
					case 'join':
						await join(one.who);
						break;
					case 'abandon':
						await clients[one.who]?.close();
						documents[one.who] = new Y.Doc();
						clients[one.who] = undefined;
						unsaved[one.who]!.clear();
						break;
					case 'disk fails':
						disk.failure = new Error('database or disk is full');
						break;
					case 'server restarts':
						await server.close();
						server = await start();
				}
			}
			disk.failure = undefined;
			for (let index = 0; index < people; index++) {
				await join(index);
				await save(index);
				if (isUp(clients[index])) continue;
				await join(index);
				await save(index);
			}
			const expected = await WireClient.join(`${server.url}/p/b/answers?user=reader`);
			const draft = (document: Y.Doc): object => document.getMap('draft').toJSON();
			for (const [index, document] of documents.entries()) {
				const client = clients[index]!;
				await client.until(
					() =>
						JSON.stringify(sorted(draft(document))) ===
						JSON.stringify(sorted(draft(expected.document))),
				);
				expect(draft(document)).toEqual(draft(expected.document));
			}
			expect([...saved].filter((key) => !expected.document.getMap('draft').has(key))).toEqual([]);
			for (const client of [...clients, expected]) await client?.close();
			await server.close();
		}),
		{ numRuns: 25 },
	);
}, 60_000);

function sorted(value: object): [string, unknown][] {
	return Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
}
