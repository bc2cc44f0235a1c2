import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeGrayscalePng } from '#sync-server/samples/fashion/grayscale-png.ts';
import { openDataServer } from './data-server.ts';

const bytes = Buffer.from('0123456789'.repeat(1000));
const sha256 = createHash('sha256').update(bytes).digest('hex');
const path = `/api/projects/p/blobs/${sha256}`;

test('a blob is sent in pieces, goes on where it broke off, and is served in ranges', async () => {
	const { fetch } = await openDataServer();
	const send = (from: number, to: number) =>
		fetch('lea', 'PATCH', path, {
			body: bytes.subarray(from, to),
			headers: { 'Upload-Offset': String(from), 'Upload-Length': String(bytes.length) },
		});
	expect((await fetch('lea', 'HEAD', path)).status).toBe(404);
	expect(await (await send(0, 4000)).json()).toEqual({ offset: 4000, isComplete: false });
	expect((await fetch('lea', 'HEAD', path)).headers.get('Upload-Offset')).toBe('4000');
	expect((await fetch('lea', 'GET', path)).status).toBe(404);
	expect((await send(5000, 6000)).status).toBe(409);
	expect(await (await send(4000, 10_000)).json()).toMatchObject({ isComplete: true, sha256 });
	const head = await fetch('lea', 'HEAD', path);
	expect([head.headers.get('Upload-Offset'), head.headers.get('Content-Length')]).toEqual([
		'10000',
		'10000',
	]);
	const part = await fetch('vera', 'GET', path, { headers: { Range: 'bytes=8-11' } });
	expect([part.status, await part.text(), part.headers.get('Content-Range')]).toEqual([
		206,
		'8901',
		'bytes 8-11/10000',
	]);
	const tail = await fetch('vera', 'GET', path, { headers: { Range: 'bytes=-3' } });
	expect(await tail.text()).toBe('789');
	const beyond = await fetch('vera', 'GET', path, { headers: { Range: 'bytes=10000-' } });
	expect([beyond.status, beyond.headers.get('Content-Range')]).toEqual([416, 'bytes */10000']);
});

test('bytes with another hash are refused and kept nowhere', async () => {
	const { fetch, folder } = await openDataServer();
	const whole = await fetch('lea', 'PUT', path, { body: 'something else' });
	expect([whole.status, await whole.json()]).toMatchObject([422, { error: { code: 'bad_hash' } }]);
	const piece = await fetch('lea', 'PATCH', path, {
		body: 'something else',
		headers: { 'Upload-Offset': '0', 'Upload-Length': '14' },
	});
	expect(piece.status).toBe(422);
	expect((await fetch('lea', 'GET', path)).status).toBe(404);
	expect(await readdir(join(folder, 'blobs', 'uploads'))).toEqual([]);
});

test('a hash known from one project opens nothing in another', async () => {
	const { fetch } = await openDataServer();
	expect((await fetch('lea', 'PUT', path, { body: bytes })).status).toBe(201);
	const elsewhere = `/api/projects/other/blobs/${sha256}`;
	expect((await fetch('stranger', 'GET', elsewhere)).status).toBe(404);
	expect((await fetch('stranger', 'HEAD', elsewhere)).status).toBe(404);
	const short = await fetch('stranger', 'PATCH', elsewhere, {
		body: '',
		headers: { 'Upload-Offset': '0', 'Upload-Length': '0' },
	});
	expect(short.status).toBe(422);
	expect((await fetch('stranger', 'PUT', elsewhere, { body: bytes })).status).toBe(201);
	expect((await fetch('stranger', 'GET', elsewhere)).status).toBe(200);
	expect((await fetch('stranger', 'GET', path)).status).toBe(404);
});

test('what could run in a page goes out as an attachment, an image as what it is', async () => {
	const { fetch } = await openDataServer();
	const put = async (content: Uint8Array, type: string) => {
		const hash = createHash('sha256').update(content).digest('hex');
		const address = `/api/projects/p/blobs/${hash}`;
		const sent = await fetch('lea', 'PUT', address, {
			body: content as BodyInit,
			headers: { 'Content-Type': type },
		});
		return { sent, served: await fetch('lea', 'GET', address) };
	};
	const html = await put(Buffer.from('<script>alert(1)</script>'), 'text/html');
	expect(html.served.headers.get('Content-Type')).toBe('application/octet-stream');
	expect(html.served.headers.get('Content-Disposition')).toBe('attachment');
	expect(html.served.headers.get('X-Content-Type-Options')).toBe('nosniff');
	expect(html.served.headers.get('Content-Security-Policy')).toBe('sandbox');
	const pixels = new Uint8Array(4);
	const image = await put(encodeGrayscalePng({ width: 2, height: 2, pixels }), 'image/png');
	expect(image.served.headers.get('Content-Type')).toBe('image/png');
	expect(image.served.headers.get('Content-Disposition')).toBe('inline');
	const fake = await put(Buffer.from('GIF89a and no more'.slice(0, 10)), 'image/gif');
	expect([fake.sent.status, await fake.sent.json()]).toMatchObject([
		422,
		{ error: { code: 'bad_image' } },
	]);
});

test('too much is refused, and only leads send', async () => {
	const { fetch } = await openDataServer();
	const large = Buffer.alloc(1024 * 1024 + 1);
	const hash = createHash('sha256').update(large).digest('hex');
	const sent = await fetch('lea', 'PUT', `/api/projects/p/blobs/${hash}`, { body: large });
	expect([sent.status, await sent.json()]).toMatchObject([413, { error: { code: 'too_large' } }]);
	expect((await fetch('rita', 'PUT', path, { body: bytes })).status).toBe(403);
	expect((await fetch('lea', 'GET', '/api/projects/p/blobs/..%2f..%2fetc')).status).toBe(404);
});
