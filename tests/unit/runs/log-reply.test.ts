import { expect, test } from 'vitest';
import { logReply } from '#sync-server/runs/log-reply.ts';

const bytes = Buffer.from('aé😀');

test('a page never ends within a character', () => {
	for (let length = 0; length <= bytes.length; length++) {
		const page = logReply(bytes.subarray(0, length), 0, false);
		expect('aé😀'.startsWith(page.text), `${length} bytes: ${page.text}`).toBe(true);
		const rest = logReply(bytes.subarray(page.next), page.next, true);
		expect(page.text + rest.text).toBe('aé😀');
		expect(rest).toMatchObject({ next: bytes.length, isEnded: true });
	}
});

test('bytes that are no text do not stop a log', () => {
	expect(logReply(Uint8Array.of(0x61, 0xff, 0x62), 0, false)).toEqual({
		text: 'a\ufffdb',
		next: 3,
		isEnded: false,
	});
	expect(logReply(Uint8Array.of(0x80, 0x80, 0x80, 0x80), 7, false).next).toBe(11);
});
