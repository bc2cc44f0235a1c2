import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { MemoryDisk } from '#sync-server/log/memory-log.ts';
import { startSyncServer } from '../../integration/sync/sync-server.ts';
import { WireClient } from '../../integration/sync/wire-client.ts';

type Step =
	| { readonly kind: 'set'; readonly who: number; readonly key: number }
	| { readonly kind: 'delete'; readonly who: number; readonly key: number }
	| { readonly kind: 'save'; readonly who: number }
	| { readonly kind: 'cut'; readonly who: number }
	| { readonly kind: 'join'; readonly who: number }
	| { readonly kind: 'read slowly'; readonly who: number }
	| { readonly kind: 'server restarts' };

const people = 3;
const who = fc.nat({ max: people - 1 });
const key = fc.nat({ max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ kind: fc.constant('set'), who, key }) },
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), who, key }) },
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('save'), who }) },
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant('cut'), who }) },
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('join'), who }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('read slowly'), who }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('server restarts') }) },
);

/** What one device keeps: its document, and what it held when it last heard how far that is. */
interface Device {
	document: Y.Doc;
	kept: { readonly state: Uint8Array; readonly cursor: string } | undefined;
	isDirty: boolean;
	client: WireClient | undefined;
}

test('a head never says more than was sent: who comes back with it lacks nothing', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), async (steps) => {
			const disk = new MemoryDisk();
			const start = () => startSyncServer({ disk, compactionRows: 6, idleBytes: 0, headMs: 1 });
			let server = await start();
			const devices = Array.from({ length: people }, (): Device => ({
				document: new Y.Doc(),
				kept: undefined,
				isDirty: false,
				client: undefined,
			}));
			const isUp = ({ client }: Device): boolean =>
				client !== undefined && client.closedWith === undefined;
			const join = async (device: Device, index: number): Promise<void> => {
				if (isUp(device)) return;
				// As after a reload: what the cursor was kept with, and not what came later.
				if (!device.isDirty) {
					device.document = new Y.Doc();
					if (device.kept) Y.applyUpdate(device.document, device.kept.state);
				}
				const { document } = device;
				const cursor = device.isDirty ? '' : (device.kept?.cursor ?? '');
				const url = `${server.url}/p/b/answers?user=u${index}&cursor=${cursor}`;
				const client = new WireClient(url, { document });
				device.client = client;
				let heads = 0;
				void client.until(() => {
					const heard = client.heard.filter((message) => message.kind === 'head');
					if (heard.length > heads)
						device.kept = {
							state: Y.encodeStateAsUpdate(document),
							cursor: heard.at(-1)!.cursor,
						};
					heads = heard.length;
					return false;
				});
				await client.opened();
				client.send({ kind: 'step1', stateVector: Y.encodeStateVector(document) });
				await client.until(() => client.kinds().includes('step2'));
			};
			const save = async (device: Device): Promise<void> => {
				if (!isUp(device)) return;
				if ((await device.client!.barrier()) === 'saved') device.isDirty = false;
			};
			let values = 0;
			for (const one of steps) {
				const device = 'who' in one ? devices[one.who]! : devices[0]!;
				switch (one.kind) {
					case 'set':
					case 'delete': {
						const change = (document: Y.Doc): void => {
							const map = document.getMap('draft');
							if (one.kind === 'set') map.set(`i${one.key}/v/t`, values++);
							else map.delete(`i${one.key}/v/t`);
						};
						if (isUp(device)) device.client!.edit(change);
						else change(device.document);
						device.isDirty = true;
						break;
					}
					case 'save':
						await save(device);
						break;
					case 'cut':
						await device.client?.close();
						break;
					case 'join':
						await join(device, one.who);
						break;
					case 'read slowly':
						if (isUp(device)) {
							device.client!.pause(true);
							await save(devices[(one.who + 1) % people]!);
							device.client!.pause(false);
						}
						break;
					case 'server restarts':
						await server.close();
						server = await start();
						break;
				}
			}
			for (const [index, device] of devices.entries())
				do {
					await join(device, index);
					await save(device); // in vain where the server's goodbye is still on its way
				} while (device.isDirty);
			const truth = await WireClient.join(`${server.url}/p/b/answers?user=stock`);
			for (const [index, device] of devices.entries()) {
				await device.client!.close();
				device.isDirty = false;
				await join(device, index);
				expect(device.document.getMap('draft').toJSON()).toEqual(
					truth.document.getMap('draft').toJSON(),
				);
			}
			await server.close();
		}),
		{ numRuns: 40 },
	);
});
