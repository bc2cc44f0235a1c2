import { expect, test } from 'vitest';
import { isShown, mediaType } from '#sync-server/blobs/media-type.ts';
import { readRange } from '#sync-server/blobs/byte-range.ts';
import { isLitter, safePath } from '#sync-server/import/archive-entry.ts';

test.each([
	['bytes=0-99', { start: 0, end: 100 }],
	['bytes=100-', { start: 100, end: 1000 }],
	['bytes=-50', { start: 950, end: 1000 }],
	['bytes=-5000', { start: 0, end: 1000 }],
	['bytes=990-5000', { start: 990, end: 1000 }],
	['bytes=1000-', 'unsatisfiable'],
	['bytes=-0', 'unsatisfiable'],
	['bytes=0-1,5-6', undefined],
	['items=0-1', undefined],
	['bytes=-', undefined],
	[null, undefined],
])('the range %s of 1000 bytes', (header, expected) => {
	expect(readRange(header, 1000)).toEqual(expected);
});

test.each(['a.png', './a.png', 'a/b/c.png', 'ä/ü.png'])('%s is a path inside', (path) => {
	expect(safePath(path)).toBe(path.replace(/^\.\//, ''));
});
test.each([
	'',
	'/a',
	'../a',
	'a/../b',
	'a//b',
	'a/./b',
	'c:\\a',
	'C:/a',
	'a\\b',
	'a\0',
	'x'.repeat(1025),
])('%j leads out or is none', (path) => {
	expect(safePath(path)).toBeUndefined();
});
test('litter of systems is known', () => {
	expect(['__MACOSX/a', 'a/.DS_Store', '._a', 'a/Thumbs.db'].every(isLitter)).toBe(true);
	expect(['a/b.png', 'items.jsonl', 'DS_Store'].some(isLitter)).toBe(false);
});

test('the type of bytes is what they are, not what they are called', () => {
	const type = (text: string): string => mediaType(Buffer.from(text.padEnd(64, '\x01'), 'latin1'));
	expect(type('\xff\xd8\xff')).toBe('image/jpeg');
	expect(type('RIFF....WEBPVP8 ')).toBe('image/webp');
	expect(type('GIF89a\x02\0\x02\0')).toBe('image/gif');
	expect(type('GIF89a\0\0\0\0')).toBe('application/octet-stream');
	expect(type('....ftypisom')).toBe('video/mp4');
	for (const text of ['<svg xmlns=', '<html>', '#!/bin/sh', '%PDF-1.7', ''])
		expect(type(text)).toBe('application/octet-stream');
	expect(isShown('image/png')).toBe(true);
	expect(['image/svg+xml', 'text/html', 'application/octet-stream'].some(isShown)).toBe(false);
});
