import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BlobStore } from '#sync-server/blobs/blob-store.ts';

const bytes = Buffer.from('some bytes that are kept once');
const sha256 = createHash('sha256').update(bytes).digest('hex');

async function* cut(all: Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
	for (let from = 0; from < all.length; from += size)
		yield await Promise.resolve(all.subarray(from, from + size));
}
async function* breaking(all: Uint8Array): AsyncGenerator<Uint8Array> {
	yield all;
	await Promise.reject(new Error('the line was cut'));
}

/** What every store of blobs promises, whatever it keeps them in. */
export function blobStoreSuite(name: string, open: () => Promise<BlobStore>): void {
	describe(`a blob store (${name})`, () => {
		const read = async (store: BlobStore, range?: { start: number; end: number }) => {
			const stream = await store.open(sha256, range);
			return stream && Buffer.from(await new Response(stream).bytes()).toString();
		};

		it('B1 gives back what was written, whole and in part', async () => {
			const store = await open();
			expect(await store.write('p', sha256, cut(bytes))).toEqual({ sha256, sizeBytes: 29 });
			expect(await read(store)).toBe(bytes.toString());
			expect(await read(store, { start: 5, end: 10 })).toBe('bytes');
			expect(await read(store, { start: 5, end: 5 })).toBe('');
			expect([await store.sizeOf(sha256), await store.has(sha256)]).toEqual([29, true]);
		});

		it('B2 finds the hash where none was told, and keeps the same bytes once', async () => {
			const store = await open();
			const first = await store.write('p', undefined, cut(bytes));
			expect(await store.write('q', undefined, cut(bytes, 3))).toEqual(first);
			expect(first.sha256).toBe(sha256);
		});

		it('B3 keeps nothing of bytes with another hash, too many, or a broken line', async () => {
			const store = await open();
			const other = cut(Buffer.from('others'));
			await expect(store.write('p', sha256, other)).rejects.toMatchObject({ code: 'bad_hash' });
			await expect(store.write('p', sha256, cut(bytes), { limitBytes: 28 })).rejects.toMatchObject({
				code: 'too_large',
			});
			await expect(store.write('p', sha256, breaking(bytes))).rejects.toThrow('cut');
			expect(await store.has(sha256)).toBe(false);
			expect(await store.sweep(-60_000)).toBe(0);
		});

		it('B4 goes on with an upload where it broke off, and nowhere else', async () => {
			const store = await open();
			const upload = (from: number, to: number, offset = from) =>
				store.append('p', sha256, cut(bytes.subarray(from, to)), { offset });
			expect(await store.uploadedBytes('p', sha256)).toBe(0);
			const begun = store.append('p', sha256, breaking(bytes.subarray(0, 10)), { offset: 0 });
			await expect(begun).rejects.toThrow('cut');
			expect(await store.uploadedBytes('p', sha256)).toBe(10);
			await expect(upload(12, 29)).rejects.toMatchObject({ code: 'bad_offset' });
			expect(await upload(10, 29)).toBe(29);
			expect(await store.has(sha256)).toBe(false);
			expect(await store.finish('p', sha256)).toEqual({ sha256, sizeBytes: 29 });
			expect(await read(store)).toBe(bytes.toString());
			expect(await store.uploadedBytes('p', sha256)).toBe(0);
		});

		it('B5 forgets an upload whose bytes turn out to be others', async () => {
			const store = await open();
			await store.append('p', sha256, cut(Buffer.from('others')), { offset: 0 });
			await expect(store.finish('p', sha256)).rejects.toMatchObject({ code: 'bad_hash' });
			expect([await store.uploadedBytes('p', sha256), await store.has(sha256)]).toEqual([0, false]);
		});

		it('B6 lets a new connection take over an upload from one that hangs', async () => {
			const store = await open();
			const hang = Promise.withResolvers<void>();
			async function* hanging(): AsyncGenerator<Uint8Array> {
				yield bytes.subarray(0, 10);
				await hang.promise;
			}
			const stuck = store.append('p', sha256, hanging(), { offset: 0 });
			const ended = expect(stuck).rejects.toMatchObject({ code: 'conflict' });
			while ((await store.uploadedBytes('p', sha256)) < 10) await new Promise(setImmediate);
			const rest = cut(bytes.subarray(10));
			expect(await store.append('p', sha256, rest, { offset: 10 })).toBe(29);
			await ended;
			hang.resolve();
		});

		it('B7 keeps the uploads of projects apart, sweeps stale ones, removes a blob', async () => {
			const store = await open();
			await store.append('p', sha256, cut(bytes), { offset: 0 });
			expect(await store.uploadedBytes('q', sha256)).toBe(0);
			expect(await store.sweep(60_000)).toBe(0);
			expect(await store.sweep(-60_000)).toBe(1);
			await store.write('p', sha256, cut(bytes));
			await store.remove(sha256);
			expect(await read(store)).toBeUndefined();
			await store.remove(sha256);
		});

		it('B8 takes nothing but a SHA-256 for a name', async () => {
			const store = await open();
			for (const name of ['../../etc/passwd', 'A'.repeat(64), ''])
				await expect(store.open(name)).rejects.toMatchObject({ code: 'bad_request' });
		});

		it('B9 lets the last of many who go on at once have it, and nobody write beside it', async () => {
			const store = await open();
			await store.append('p', sha256, cut(bytes.subarray(0, 10)), { offset: 0 });
			const goOn = (rest: Uint8Array) => store.append('p', sha256, cut(rest), { offset: 10 });
			const others = Buffer.alloc(19, 'x');
			const tries = await Promise.allSettled([
				goOn(others),
				goOn(others),
				goOn(bytes.subarray(10)),
			]);
			expect(tries.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
			const late = store.finish('p', sha256);
			const beside = expect(goOn(others)).rejects.toMatchObject({ code: 'bad_offset' });
			expect(await late).toEqual({ sha256, sizeBytes: 29 });
			await beside;
			expect(await read(store)).toBe(bytes.toString());
		});
	});
}
