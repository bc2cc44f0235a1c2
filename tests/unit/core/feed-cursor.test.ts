import { expect, test } from 'vitest';
import { FeedCursors } from '#sync-server/http/feed-cursor.ts';

const cursors = new FeedCursors('key', 'epoch-1');

test('reads what it wrote', () => {
	for (const position of [{ seq: 0 }, { seq: 12 }, { seq: 3, after: 'reviews' }])
		expect(cursors.read('ada', cursors.write('ada', position))).toEqual(position);
});

test('reads nothing of another person, epoch or installation, nor what was touched', () => {
	const cursor = cursors.write('ada', { seq: 12 });
	expect(cursors.read('bob', cursor)).toBeUndefined();
	expect(new FeedCursors('key', 'epoch-2').read('ada', cursor)).toBeUndefined();
	expect(new FeedCursors('other', 'epoch-1').read('ada', cursor)).toBeUndefined();
	const forged = `${Buffer.from('{"seq":0}').toString('base64url')}.${cursor.split('.')[1]!}`;
	for (const text of ['', '.', 'x', forged, cursor.slice(0, -1)])
		expect(cursors.read('ada', text)).toBeUndefined();
});
