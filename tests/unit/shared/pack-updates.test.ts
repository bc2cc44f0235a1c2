import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { packingUpdates, packUpdates } from '#shared/wire/pack-updates.ts';

/** What one person wrote, change by change: many small ones and two large. */
function written(): Uint8Array[] {
	const updates: Uint8Array[] = [];
	const doc = new Y.Doc();
	doc.on('update', (update: Uint8Array) => updates.push(update));
	for (let index = 0; index < 100; index++)
		doc.getMap('draft').set(`i${index}/v/tone`, 'x'.repeat(index % 40 === 20 ? 5000 : 20));
	return updates;
}

test('small updates that follow each other are merged up to the limit, a large one stays as it is', () => {
	const updates = written();
	const packed = packUpdates(updates, 1000);
	const large = updates.filter(({ length }) => length > 1000);
	expect(large).toHaveLength(2);
	for (const update of large) expect(packed).toContain(update);
	for (const pack of packed) if (!large.includes(pack)) expect(pack.length).toBeLessThan(1000);
	expect(packed.length).toBeLessThan(20);
	const [before, after] = [new Y.Doc(), new Y.Doc()];
	for (const update of updates) Y.applyUpdate(before, update);
	for (const update of packed) Y.applyUpdate(after, update);
	expect(after.getMap('draft').toJSON()).toEqual(before.getMap('draft').toJSON());
	expect(packUpdates([], 1000)).toEqual([]);
});

test('one step merges no more than the limit, however many are waiting', () => {
	const updates = written();
	const packing = packingUpdates(updates, 1000);
	const first = packing.next().value!;
	const before = Y.mergeUpdates(updates.slice(0, Y.decodeUpdate(first).structs.length));
	expect(first).toEqual(before);
	expect(first.length).toBeLessThan(1000);
	expect([first, ...packing]).toEqual(packUpdates(updates, 1000));
});
