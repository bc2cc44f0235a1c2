import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { ReadAside } from '#sync-server/documents/document/read-aside.ts';

/** A text of so many letters that know nothing of each other: Yjs goes over all of them to place each. */
function crowded(letters: number): { data: Uint8Array }[] {
	return Array.from({ length: letters }, (_, index) => {
		const apart = new Y.Doc({ guid: '' });
		apart.clientID = index + 1;
		apart.getText('text/i1/why').insert(0, 'x');
		return { data: Y.encodeStateAsUpdate(apart) };
	});
}

test('S13 a document that takes too long to read is given up, and others are read', async () => {
	const aside = new ReadAside(1000);
	const document = new Y.Doc();
	document.getMap('draft').set('i1/v/t', 'x');
	const updates = [{ data: Y.encodeStateAsUpdate(document) }];
	const tooLong = expect(aside.pieces('p/b/answers', { updates: crowded(20_000) })).rejects.toThrow(
		'more than 1000 ms',
	);
	const read = aside.pieces('p/c/answers', { updates });
	await tooLong;
	const copy = new Y.Doc();
	for (const piece of await read) Y.applyUpdate(copy, piece);
	expect(copy.getMap('draft').toJSON()).toEqual({ 'i1/v/t': 'x' });
	await aside.close();
});
