import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '#shared/api/errors.ts';
import { encodeGrayscalePng } from '#sync-server/samples/fashion/grayscale-png.ts';
import { ownerToken } from '../core/test-server.ts';
import { expectError, hashOf, openHostileWorld, type HostileWorld } from './hostile-world.ts';

let world: HostileWorld;
beforeAll(async () => {
	world = await openHostileWorld();
});
afterAll(() => world.remove());

const bytes = Buffer.from('0123456789'.repeat(1000));
const addressOf = (content: Uint8Array, project = 'pictures') =>
	`/api/projects/${project}/blobs/${hashOf(content)}`;
const put = (content: Uint8Array, headers: Record<string, string> = {}) =>
	world.send('PUT', addressOf(content), { body: content as BodyInit, headers });
const uploads = () => readdir(join(world.home, 'blobs', 'uploads'));

describe('an upload in pieces', () => {
	test('goes on where it stands and nowhere else', async () => {
		const content = Buffer.from('an upload that people lie about');
		const path = addressOf(content);
		const patch = (offset: string, length: string, body: BodyInit = 'x') =>
			world.send('PATCH', path, {
				body,
				headers: { 'Upload-Offset': offset, 'Upload-Length': length },
			});
		const wrong: readonly (readonly [offset: string, length: string, code: ErrorCode])[] = [
			['-1', '10', 'bad_request'],
			['NaN', '10', 'bad_request'],
			['1.5', '10', 'bad_request'],
			['9223372036854775808', '10', 'bad_request'],
			['0', '-1', 'bad_request'],
			['0', '1e999', 'bad_request'],
			['0', String(2 ** 50), 'too_large'],
			['1', '10', 'bad_offset'],
			['4503599627370496', '10', 'bad_offset'],
		];
		await world.unharmed(async () => {
			for (const [offset, length, code] of wrong)
				await expectError(await patch(offset, length), code);
			await expectError(
				await world.send('PATCH', path, { body: 'x' }),
				'bad_request',
				'Upload-Offset',
			);
		});
		expect(await (await patch('0', String(content.length), content.subarray(0, 9))).json()).toEqual(
			{
				offset: 9,
				isComplete: false,
			},
		);
		await world.unharmed(async () => {
			for (const offset of ['0', '8', '10', String(content.length)])
				await expectError(await patch(offset, String(content.length)), 'bad_offset', 'stands at 9');
		});
		// More than was announced is refused, and what was sent well is still there to go on from.
		await expectError(
			await patch('9', String(content.length), Buffer.alloc(1000)),
			'too_large',
			String(content.length),
		);
		const head = await world.send('HEAD', path);
		expect(head.headers.get('Upload-Offset')).toBe('9');
		const done = await patch('9', String(content.length), content.subarray(9));
		expect(await done.json()).toMatchObject({ isComplete: true, sizeBytes: content.length });
	});

	test('that is cut in the middle keeps what came, a whole one nothing', async () => {
		const content = Buffer.alloc(1_000_000, 'c');
		const kept = await uploads();
		for (const [method, offset] of [
			['PUT', ''],
			['PATCH', `Upload-Offset: 0\r\nUpload-Length: ${content.length}\r\n`],
		]) {
			const socket = connect(world.address.port, '127.0.0.1');
			await once(socket, 'connect');
			socket.write(
				`${method} ${addressOf(content)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ownerToken}\r\n${offset}Content-Length: ${content.length}\r\n\r\n`,
			);
			socket.write(content.subarray(0, 300_000));
			await begun(kept.length);
			socket.destroy();
			await once(socket, 'close');
			await settled(method === 'PUT' ? kept.length : kept.length + 1);
		}
		const { headers } = await world.send('HEAD', addressOf(content));
		const offset = Number(headers.get('Upload-Offset'));
		expect(offset).toBeGreaterThanOrEqual(0);
		expect(offset).toBeLessThanOrEqual(300_000);
		await expectError(await world.send('GET', addressOf(content)), 'not_found', hashOf(content));
		const rest = await world.send('PATCH', addressOf(content), {
			body: content.subarray(offset) as BodyInit,
			headers: { 'Upload-Offset': String(offset), 'Upload-Length': String(content.length) },
		});
		expect(await rest.json()).toMatchObject({ isComplete: true, sizeBytes: content.length });
	});

	/** Waits until the server has begun to write one more upload. */
	async function begun(before: number): Promise<void> {
		await expect.poll(async () => (await uploads()).length).toBeGreaterThan(before);
	}

	async function settled(count: number): Promise<void> {
		await expect.poll(async () => (await uploads()).length).toBe(count);
	}
});

describe('what is served', () => {
	test('an SVG with a script is bytes to keep: an attachment in a sandbox', async () => {
		const svg = Buffer.from(
			'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
		);
		await expectError(
			await put(svg, { 'Content-Type': 'image/svg+xml' }),
			'bad_image',
			hashOf(svg),
		);
		const served = await world.send('GET', addressOf(svg));
		expect(Object.fromEntries(served.headers)).toMatchObject({
			'content-type': 'application/octet-stream',
			'content-disposition': 'attachment',
			'content-security-policy': 'sandbox',
			'x-content-type-options': 'nosniff',
			'cross-origin-resource-policy': 'same-origin',
		});
	});

	test.each([
		['a page behind the first bytes of a GIF', 'GIF89a/*<script>alert(1)</script>*/=1;'],
		['a page behind a mark of JPEG', '\xff\xd8\xff<html><script>alert(1)</script></html>'],
	])('%s is never a page', async (_, text) => {
		const content = Buffer.from(text, 'latin1');
		await put(content);
		const served = await world.send('GET', addressOf(content));
		expect(served.headers.get('content-type')).toMatch(
			/^(image\/(gif|jpeg)|application\/octet-stream)$/,
		);
		expect(served.headers.get('x-content-type-options')).toBe('nosniff');
		expect(served.headers.get('content-security-policy')).toBe('sandbox');
	});

	test('an item whose image is no image is refused by its line', async () => {
		const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>');
		await put(svg);
		const lines = [
			{ id: 'svg', data: { image: { blob: hashOf(svg), type: 'image/svg+xml' } } },
			{ id: 'lie', data: { image: { blob: hashOf(svg), type: 'image/png' } } },
			{ id: 'html', data: { image: { blob: hashOf(svg), type: 'text/html' } } },
			{ id: 'url', data: { image: 'javascript:alert(1)' } },
			{ id: 'path', data: { image: { blob: '../../tables.db', type: 'image/png' } } },
			{ id: 'proto', data: { image: { blob: '__proto__', type: 'image/png' } } },
		];
		const reply = await world.send('POST', '/api/projects/pictures/import', {
			body: lines.map((line) => JSON.stringify(line)).join('\n'),
		});
		expect(await reply.json()).toMatchObject({
			items: 0,
			refusals: lines.map((_, index) => ({ line: index + 1 })),
		});
	});

	test('ranges that overlap, go backwards or never end serve what is there, once', async () => {
		await put(bytes);
		const get = (range: string) =>
			world.send('GET', addressOf(bytes), { headers: { Range: range } });
		const many = Array.from({ length: 1000 }, (_, n) => `${n}-`).join(',');
		for (const range of [
			`bytes=${many}`,
			'bytes=0-1,0-1',
			'lines=1-2',
			'bytes=a-b',
			'bytes=-',
			'bytes=0x1-',
		])
			expect([range.slice(0, 20), (await (await get(range)).bytes()).length]).toEqual([
				range.slice(0, 20),
				bytes.length,
			]);
		for (const range of ['bytes=5-3', 'bytes=-0', 'bytes=99999-', 'bytes=999999999999999-']) {
			const reply = await get(range);
			expect([range, reply.status, reply.headers.get('content-range')]).toEqual([
				range,
				416,
				'bytes */10000',
			]);
		}
		const tail = await get('bytes=9990-999999999999999');
		expect([tail.status, await tail.text()]).toEqual([206, '0123456789']);
		const whole = await get('bytes=-999999999999999');
		expect([whole.status, whole.headers.get('content-length')]).toEqual([206, '10000']);
	});

	test('an empty blob has no range', async () => {
		const empty = new Uint8Array();
		expect((await put(empty)).status).toBe(201);
		const reply = await world.send('GET', addressOf(empty), { headers: { Range: 'bytes=0-' } });
		expect(reply.status).toBe(416);
		expect((await (await world.send('GET', addressOf(empty))).bytes()).length).toBe(0);
	});
});

describe('between projects', () => {
	const image = encodeGrayscalePng({ width: 4, height: 4, pixels: new Uint8Array(16).fill(77) });

	test('an item cannot borrow the bytes of another project', async () => {
		await put(image, { 'Content-Type': 'image/png' });
		const { id } = await world.client.json<{ id: string }>('POST', '/api/projects', {
			name: 'Thief',
			schema: {
				shows: [{ field: 'image', as: 'image' }],
				tools: [{ name: 'kind', kind: 'choice', options: [{ name: 'shoe' }] }],
			},
		});
		const reply = await world.send('POST', `/api/projects/${id}/import`, {
			body: JSON.stringify({
				id: 'a',
				data: { image: { blob: hashOf(image), type: 'image/png' } },
			}),
		});
		expect(await reply.json()).toMatchObject({
			items: 0,
			refusals: [{ line: 1, code: 'blob_missing' }],
		});
		await expectError(await world.send('GET', addressOf(image, id)), 'not_found', hashOf(image));
	});

	test('a piece of another project’s upload is not taken for one’s own', async () => {
		const content = Buffer.from('sent in pieces, from two sides');
		const headers = { 'Upload-Offset': '0', 'Upload-Length': String(content.length) };
		const first = await world.send('PATCH', addressOf(content, 'pictures'), {
			body: content.subarray(0, 10) as BodyInit,
			headers,
		});
		expect(first.status).toBe(200);
		expect((await world.send('HEAD', addressOf(content, 'bystander'))).status).toBe(404);
		await expectError(
			await world.send('PATCH', addressOf(content, 'bystander'), {
				body: content.subarray(10) as BodyInit,
				headers: { ...headers, 'Upload-Offset': '10' },
			}),
			'bad_offset',
			'stands at 0',
		);
	});
});
