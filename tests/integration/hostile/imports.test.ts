import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { pack, type Header } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImportReport, ItemDetail, ItemPage } from '#shared/api/replies.ts';
import { encodeGrayscalePng } from '#sync-server/samples/fashion/grayscale-png.ts';
import { ownerToken } from '../core/test-server.ts';
import { expectError, openHostileWorld, type HostileWorld } from './hostile-world.ts';

type TarHead = Partial<Header> & Pick<Header, 'name'>;

let world: HostileWorld;
beforeAll(async () => {
	world = await openHostileWorld();
});
afterAll(() => world.remove());

/** What an import writes even where nothing comes in: that it was tried, and what it refused. */
const tried = { tables: ['imports', 'import_refusals', 'changes', 'sqlite_sequence'] };
const png = (shade: number): Uint8Array =>
	encodeGrayscalePng({ width: 4, height: 4, pixels: new Uint8Array(16).fill(shade) });

const send = (project: string, body: BodyInit, query = '') =>
	world.send('POST', `/api/projects/${project}/import${query}`, { body });
const report = async (reply: Response): Promise<ImportReport> => {
	expect(reply.status).toBe(200);
	return (await reply.json()) as ImportReport;
};
const page = async (project: string): Promise<ItemPage> =>
	(await (await world.send('GET', `/api/projects/${project}/items`)).json()) as ItemPage;

describe('lines', () => {
	test('an empty file, one of newlines and one of spaces bring nothing and are no error', async () => {
		await world.unharmed(async () => {
			for (const body of ['', '\n', '\n'.repeat(100_000), '\r\n \t\r\n', '\ufeff', '\ufeff\n'])
				expect(await report(await send('target', body))).toMatchObject({ items: 0, refused: 0 });
		}, tried);
	});

	test('each line is refused for what is wrong with it, and brings nothing', async () => {
		const lines: readonly (readonly [line: string, code: string, names: RegExp])[] = [
			['{"id":"a","data":{"text":"\\ud800"}}', 'bad_text', /surrogate/],
			['{"id":"\\udfff","data":{"text":"x"}}', 'bad_shape', /^id: .*surrogate/],
			['{"id":"a","data":{"__proto__":{"text":"x"}}}', 'bad_shape', /data/],
			['{"id":"a","data":{"text":"x"},"__proto__":{"split":"gate"}}', 'bad_shape', /__proto__/],
			['{"id":"a","data":{"text":"x"},"constructor":{}}', 'bad_shape', /constructor/],
			[`{"id":"a","data":{"text":${'['.repeat(9999)}${']'.repeat(9999)}}}`, 'bad_shape', /deep/],
			[`{"id":"a","data":{"text":"${'x'.repeat(1_100_000)}"}}`, 'too_large', /1 MiB/],
			['{"id":"a","data":["text"]}', 'bad_shape', /data/],
			['{"id":"a","data":{"text":1e999}}', 'bad_text', /number|finite/i],
			['{"id":{"toString":1},"data":{"text":"x"}}', 'bad_shape', /id/],
			[`{"id":"${'i'.repeat(2000)}","data":{"text":"x"}}`, 'bad_shape', /id/],
			['{"id":"a","data":{"text":"x"},"split":"../gate"}', 'bad_shape', /split/],
			['{"id":"a","data":{"text":"x"},"answer":{"values":{"__proto__":"positive"}}}', 'bad_', /./],
			[
				'{"id":"a","data":{"text":"x"},"answer":{"values":{"nothing":"positive"}}}',
				'bad_answer',
				/nothing/,
			],
			['<html>', 'bad_json', /JSON/],
			['{"id":"a","data":{"text":"x"}}{"id":"b","data":{"text":"x"}}', 'bad_json', /JSON/],
		];
		await world.unharmed(async () => {
			const told = await report(await send('target', lines.map(([line]) => line).join('\n')));
			expect(told).toMatchObject({ items: 0, answers: 0, refused: lines.length });
			for (const [index, [line, code, names]] of lines.entries())
				expect([line.slice(0, 80), told.refusals[index]]).toEqual([
					line.slice(0, 80),
					{
						line: index + 1,
						code: expect.stringContaining(code) as string,
						reason: expect.stringMatching(names) as string,
					},
				]);
			expect({}).not.toHaveProperty('split');
		}, tried);
	});

	test('a name that is a path names nothing: it is hashed and kept as its source', async () => {
		const names = [
			'../../etc/passwd',
			'/etc/passwd',
			'.',
			'..',
			'a/b',
			'a\\b',
			'C:\\x',
			'a b',
			'a\u0000b',
		];
		const lines = names.map((id) => JSON.stringify({ id, data: { text: `of ${id}` } }));
		expect(await report(await send('target', lines.join('\n')))).toMatchObject({
			items: names.length,
			refused: 0,
		});
		const { items } = await page('target');
		const kept = items.filter(({ meta }) => meta?.['sourceId'] !== undefined);
		expect(kept.map(({ meta }) => meta?.['sourceId'])).toEqual(names);
		for (const { id } of kept) {
			expect(id).toMatch(/^[0-9a-f]{16,64}$/);
			const found = await world.send('GET', `/api/projects/target/items/${id}`);
			expect(((await found.json()) as ItemDetail).item.id).toBe(id);
		}
		for (const name of ['%2e%2e%2f%2e%2e%2fetc%2fpasswd', '%2fetc%2fpasswd', 'a%2fb'])
			await expectError(
				await world.send('GET', `/api/projects/target/items/${name}`),
				'not_found',
				'item',
			);
	});

	test('what looks like a page is text, in every answer', async () => {
		const text = '</script><img src=x onerror=alert(1)><script>alert(1)</script>\u202e';
		await report(
			await send('target', JSON.stringify({ id: text, data: { text }, meta: { text } })),
		);
		for (const path of [
			'/api/projects/target/items?q=onerror',
			'/api/projects/target/export?format=jsonl',
			'/api/projects/target/changes',
		]) {
			const reply = await world.send('GET', path);
			expect([path, reply.status]).toEqual([path, 200]);
			expect(reply.headers.get('content-type')).toMatch(/^application\/(json|x-ndjson)/);
		}
		const { items } = await page('target');
		expect(items.at(-1)!.data['text']).toBe(text);
	});

	test('an upload that is cut in the middle of a line keeps whole lines and says failed', async () => {
		const lines = Array.from({ length: 4000 }, (_, n) =>
			JSON.stringify({ id: `whole-${n}`, data: { text: `Text number ${n} of an upload` } }),
		);
		const upload = request(`${world.url}/api/projects/target/import`, {
			method: 'POST',
			headers: { authorization: `Bearer ${ownerToken}`, 'content-length': '100000000' },
		});
		upload.on('error', () => undefined); // it is cut below
		const running = imported('running');
		const failed = imported('failed');
		upload.write(`${lines.join('\n')}\n{"id":"half","data":{"te`);
		await running;
		upload.destroy();
		await failed;
		const { total } = await page('target');
		expect(total).toBeLessThanOrEqual(lines.length + 20);
		await expectError(
			await world.send('GET', '/api/projects/target/items/half'),
			'not_found',
			'half',
		);
	});

	/** Resolves when an import of the target is in that state. */
	async function imported(state: string): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		const stop = world.tables.onCommit(() => {
			void world.tables.changes
				.read({ user: 'owner', limit: 10_000, project: 'target' })
				.then((feed) => {
					const rows = feed.kind === 'page' ? feed.lines : [];
					if (rows.some(({ row }) => (row as { state?: string } | null)?.state === state))
						resolve();
				});
		});
		await promise;
		stop();
	}
});

describe('archives', () => {
	const line = (id: string, image: string): string => JSON.stringify({ id, data: { image } });

	async function tar(entries: readonly (readonly [TarHead, string | Uint8Array])[]) {
		const packed = pack();
		for (const [header, content] of entries) packed.entry(header, Buffer.from(content));
		packed.finalize();
		return Buffer.concat((await Array.fromAsync(packed)) as Uint8Array[]);
	}

	test('a tar whose names and links lead out writes nothing outside and brings in the rest', async () => {
		const bytes = await tar([
			[{ name: '../../../../etc/flywheel-evil.png' }, png(1)],
			[{ name: '/etc/cron.d/evil.png' }, png(1)],
			[{ name: 'link.png', type: 'symlink', linkname: '/etc/passwd' }, ''],
			[{ name: 'hard.png', type: 'link', linkname: '/etc/passwd' }, ''],
			[{ name: 'null.png', type: 'character-device' }, ''],
			[{ name: 'pipe.png', type: 'fifo' }, ''],
			[{ name: 'link.png/below.png' }, png(4)],
			[{ name: 'good.png' }, png(2)],
			[
				{ name: 'items.jsonl' },
				['good.png', 'link.png', 'hard.png', 'null.png', '../../../../etc/flywheel-evil.png']
					.map((path, n) => line(`i${n}`, path))
					.join('\n'),
			],
		]);
		const told = await report(await send('pictures', bytes));
		expect(told).toMatchObject({ items: 1, refused: 6 });
		expect(told.refusals.map(({ line: number, code }) => [number, code])).toEqual([
			[0, 'bad_path'],
			[0, 'bad_path'],
			[2, 'media_missing'],
			[3, 'media_missing'],
			[4, 'media_missing'],
			[5, 'media_missing'],
		]);
		expect(told.refusals[0]!.reason).toContain('flywheel-evil.png');
	});

	test('a bomb is refused before it fills a disk or the memory, however it is packed', async () => {
		const sizeBytes = 128 << 20;
		const packed = gzipSync(Buffer.alloc(sizeBytes));
		const raw = packed.subarray(10, -8); // without what gzip puts around it
		const before = process.memoryUsage.rss();
		await world.unharmed(async () => {
			for (const body of [
				packed,
				storedZip('items.jsonl', raw, sizeBytes),
				storedZip('bomb.png', raw, sizeBytes),
			])
				await expectError(await send('pictures', body as BodyInit), 'too_large', /unpack/);
		}, tried);
		expect(process.memoryUsage.rss() - before).toBeLessThan(300 << 20);
	});

	test('a gzip within a gzip is not unpacked without end', async () => {
		await world.unharmed(async () => {
			let body = gzipSync('{"id":"deep","data":{"text":"x"}}\n');
			for (let level = 0; level < 20; level += 1) body = gzipSync(body);
			await expectError(await send('target', body as BodyInit), 'bad_request', /gzip/);
		}, tried);
	});

	test('a folder of a zip that holds gigabytes is not kept in memory', async () => {
		const before = process.memoryUsage.rss();
		const chunk = Buffer.alloc(1 << 20, 7);
		const [head, ...rest] = zipParts('folder/', 400 << 20);
		let sent = 0;
		const body = new ReadableStream<Uint8Array>({
			pull(controller) {
				if (sent === 0) controller.enqueue(head!);
				if (sent++ < 400) return controller.enqueue(chunk);
				for (const part of rest) controller.enqueue(part);
				controller.close();
			},
		});
		await world.unharmed(
			async () => expectError(await send('pictures', body), 'bad_request', /lines/),
			tried,
		);
		expect(process.memoryUsage.rss() - before).toBeLessThan(200 << 20);
	});

	test('more files than anybody labels are refused, also those with bad names', async () => {
		const entry = (await tar([[{ name: '../again' }, '']])).subarray(0, 512);
		const many = gzipSync(Buffer.alloc(512 * 100_100, entry), { level: 1 });
		await world.unharmed(
			async () => expectError(await send('pictures', many as BodyInit), 'too_large', /files/),
			tried,
		);
	});

	test('a zip of a method nobody speaks, and one that lies about its sizes, are refused', async () => {
		const zip = zipSync({ 'items.jsonl': strToU8(line('a', 'a.png')), 'a.png': png(3) });
		const odd = Buffer.from(zip);
		odd.writeUInt16LE(99, 8);
		const lying = Buffer.from(zip);
		lying.writeUInt32LE(0xffff_fff0, 18);
		await world.unharmed(async () => {
			for (const body of [odd, lying])
				await expectError(await send('pictures', body as BodyInit), 'bad_request', /zip/);
		}, tried);
	});
});

/** A zip of one file whose packed bytes are given, with sizes in its local header. */
function storedZip(name: string, packed: Uint8Array, sizeBytes: number): Buffer {
	const header = Buffer.alloc(30);
	header.write('PK\x03\x04', 0, 'latin1');
	header.writeUInt16LE(20, 4);
	header.writeUInt16LE(8, 8);
	header.writeUInt32LE(packed.length, 18);
	header.writeUInt32LE(sizeBytes, 22);
	header.writeUInt16LE(name.length, 26);
	return Buffer.concat([header, Buffer.from(name), packed, endOfZip()]);
}

/** The start and the end of a zip whose one file is stored as it is, its bytes to be sent between. */
function zipParts(name: string, sizeBytes: number): Buffer[] {
	const header = Buffer.alloc(30);
	header.write('PK\x03\x04', 0, 'latin1');
	header.writeUInt16LE(20, 4);
	header.writeUInt32LE(sizeBytes, 18);
	header.writeUInt32LE(sizeBytes, 22);
	header.writeUInt16LE(name.length, 26);
	return [Buffer.concat([header, Buffer.from(name)]), endOfZip()];
}

function endOfZip(): Buffer {
	const end = Buffer.alloc(22);
	end.write('PK\x05\x06', 0, 'latin1');
	return end;
}
