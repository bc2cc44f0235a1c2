import { expect, test } from 'vitest';
import { FeedCursors } from '#sync-server/http/feed-cursor.ts';

const cursors = new FeedCursors('key', 'epoch-1');

test('reads what it wrote', () => {
	for (const position of [{ seq: 0 }, { seq: 12 }, { seq: 3, after: 'r'.repeat(63) }])
		expect(cursors.read('ada', cursors.write('ada', position))).toEqual(position);
});

test('reads nothing of another person, epoch or installation, nor what was touched', () => {
	const cursor = cursors.write('ada', { seq: 12 });
	expect(cursors.read('bob', cursor)).toBeUndefined();
	expect(new FeedCursors('key', 'epoch-2').read('ada', cursor)).toBeUndefined();
	expect(new FeedCursors('other', 'epoch-1').read('ada', cursor)).toBeUndefined();
	const forged = Buffer.from('{"seq":0}').toString('base64url');
	for (const text of ['', '.', 'x', forged, cursor.slice(0, -1), `${cursor}x`, `${cursor}=`])
		expect(cursors.read('ada', text)).toBeUndefined();
	for (let at = 0; at < cursor.length; at++) {
		const other = cursor[at] === 'A' ? 'B' : 'A';
		const touched = cursor.slice(0, at) + other + cursor.slice(at + 1);
		expect(cursors.read('ada', touched), `touched at ${at}`).toBeUndefined();
	}
});

test('a cursor tells nobody how far the feed is, and a position has one', () => {
	const [near, far] = [{ seq: 9 }, { seq: 123_456_789 }].map((position) =>
		cursors.write('ada', position),
	);
	expect(near!.length).toBe(far!.length);
	expect(Buffer.from(far!, 'base64url').toString('latin1')).not.toContain('seq');
	expect(cursors.write('ada', { seq: 9 })).toBe(near);
	expect(cursors.write('bob', { seq: 9 })).not.toBe(near);
});
