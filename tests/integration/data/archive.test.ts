import { gzipSync } from 'node:zlib';
import { zipSync, strToU8 } from 'fflate';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import type { ImportReport, ItemPage, Packet } from '#shared/api/replies.ts';
import { encodeGrayscalePng } from '#sync-server/samples/fashion/grayscale-png.ts';
import { imageSchema, openDataServer } from './data-server.ts';

const png = (shade: number): Uint8Array =>
	encodeGrayscalePng({ width: 4, height: 4, pixels: new Uint8Array(16).fill(shade) });
const line = (id: string, image: string): string => JSON.stringify({ id, data: { image } });

async function send(
	fetch: Awaited<ReturnType<typeof openDataServer>>['fetch'],
	body: Uint8Array,
): Promise<ImportReport> {
	const response = await fetch('lea', 'POST', '/api/projects/p/import', {
		body: body as BodyInit,
	});
	return (await response.json()) as ImportReport;
}

test('a zip brings its images along, and a batch its media', async () => {
	const { fetch, call } = await openDataServer({ schema: imageSchema });
	const zip = zipSync({
		'set/items.jsonl': strToU8(`${line('a', 'images/1.png')}\n${line('b', './images/2.png')}`),
		'set/images/1.png': png(1),
		'set/images/2.png': png(2),
		'__MACOSX/set/._items.jsonl': strToU8('litter'),
	});
	expect(await send(fetch, zip)).toMatchObject({ items: 2, refused: 0 });
	const taken = await call<{ batch: string }>('lars', 'POST', '/api/projects/p/batches/take', {});
	const packet = await call<Packet>('lars', 'GET', `/api/batches/${taken.body.batch}/items`);
	expect(packet.body.media).toHaveLength(2);
	const { sha256, sizeBytes } = packet.body.media[0]!;
	const blob = `/api/projects/p/blobs/${sha256}`;
	const bytes = await fetch('lars', 'GET', blob);
	expect(bytes.headers.get('Content-Type')).toBe('image/png');
	expect((await bytes.bytes()).length).toBe(sizeBytes);
	// Another labeler has no batch with it.
	expect((await fetch('lisa', 'GET', blob)).status).toBe(404);
});

test('a tar, also gzipped, does the same', async () => {
	const { fetch } = await openDataServer({ schema: imageSchema });
	const tar = pack();
	tar.entry({ name: '1.png' }, Buffer.from(png(3)));
	tar.entry({ name: 'link.png', type: 'symlink', linkname: '/etc/passwd' });
	tar.entry({ name: 'items.jsonl' }, line('a', '1.png'));
	tar.finalize();
	const bytes = Buffer.concat((await Array.fromAsync(tar)) as Uint8Array[]);
	expect(await send(fetch, bytes)).toMatchObject({ items: 1, refused: 0 });
	expect(await send(fetch, gzipSync(bytes))).toMatchObject({ items: 0, known: 1 });
});

test('paths that lead out of the archive are refused, the rest comes in', async () => {
	const { fetch } = await openDataServer({ schema: imageSchema });
	const tricks = ['../out.png', '/etc/cron.d/x.png', 'a/../../b.png', 'c:\\x.png', 'a\u0000.png'];
	const zip = zipSync({
		...Object.fromEntries(tricks.map((path) => [path, png(1)])),
		'items.jsonl': strToU8([line('a', 'ok.png'), line('b', '../out.png')].join('\n')),
		'ok.png': png(2),
	});
	const report = await send(fetch, zip);
	expect(report).toMatchObject({ items: 1, refused: tricks.length + 1 });
	expect(report.refusals.filter(({ code }) => code === 'bad_path')).toHaveLength(tricks.length);
	expect(report.refusals.at(-1)).toMatchObject({ line: 2, code: 'media_missing' });
});

test('an image that is no image is refused by its line', async () => {
	const { fetch, call } = await openDataServer({ schema: imageSchema });
	const zip = zipSync({
		'items.jsonl': strToU8(
			[line('a', 'a.png'), line('b', 'b.png'), line('c', 'no.png')].join('\n'),
		),
		'a.png': strToU8('<script>alert(1)</script>'),
		'b.png': png(2),
	});
	const report = await send(fetch, zip);
	expect(report.refusals.map(({ line: number, code }) => [number, code])).toEqual([
		[1, 'bad_image'],
		[3, 'media_missing'],
	]);
	const { body } = await call<ItemPage>('lea', 'GET', '/api/projects/p/items');
	expect(body.items.map(({ id }) => id)).toEqual(['b']);
});

test('a blob that is not in this project cannot be named by an item', async () => {
	const { fetch } = await openDataServer({ schema: imageSchema });
	const image = { blob: 'a'.repeat(64), type: 'image/png' };
	const report = await send(fetch, strToU8(JSON.stringify({ id: 'a', data: { image } })));
	expect(report.refusals).toMatchObject([{ line: 1, code: 'blob_missing' }]);
});

test('an archive that is cut or has no lines gets an error and harms nothing', async () => {
	const { fetch, faults } = await openDataServer({ schema: imageSchema });
	const zip = zipSync({
		'items.jsonl': strToU8(line('a', 'ok.png').repeat(100)),
		'ok.png': png(2),
	});
	for (const bytes of [zip.subarray(0, 60), zipSync({ 'ok.png': png(2) })]) {
		const response = await fetch('lea', 'POST', '/api/projects/p/import', {
			body: bytes as BodyInit,
		});
		expect(response.status).toBe(400);
	}
	expect(faults).toEqual([]);
});
