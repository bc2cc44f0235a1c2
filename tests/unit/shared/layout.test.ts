import { describe, expect, it } from 'vitest';
import { sha256Hex } from '#shared/numbers/hash.ts';
import { schemaShape } from '#shared/schema/schema.ts';
import {
	corpusLine,
	datasetJson,
	folderOf,
	gitAttributes,
	lfsPointer,
	mediaPath,
	parseLfsPointer,
	poolLine,
	shardDigits,
	shardFileName,
	shardOf,
	shardRange,
} from '#shared/snapshot/layout.ts';
import { choice } from '../../property/submissions.ts';

const item = {
	id: 'r1',
	data: { text: 'é\n', a: { z: 1, b: [2] } },
	meta: { source: 'x' },
	group: 'thread-7',
	split: 'train',
} as const;

describe('the layout of a snapshot (design §5)', () => {
	it('takes a shard from the first six base-4 digits of the hash of the id', () => {
		const bits = [...sha256Hex('shard:r1').slice(0, 3)]
			.map((digit) => parseInt(digit, 16).toString(2).padStart(4, '0'))
			.join('');
		expect(shardOf('r1').toString(2).padStart(12, '0')).toBe(bits);
	});

	it.each([
		[0, 2],
		[6400, 2],
		[6401, 3],
		[25_600, 3],
		[25_601, 4],
		[100_000, 4],
		[102_401, 5],
		[409_601, 6],
		[50_000_000, 6],
	])('of %i items has %i digits', (items, digits) => {
		expect(shardDigits(items)).toBe(digits);
	});

	it('names files in base 4, and knows which shards each holds', () => {
		expect(shardFileName(parseInt('031203', 4), 4)).toBe('0312.jsonl');
		expect(shardFileName(0, 2)).toBe('00.jsonl');
		expect(shardFileName(4095, 6)).toBe('333333.jsonl');
		for (let digits = 2; digits <= 6; digits += 1)
			for (let shard = 0; shard < 4096; shard += 1) {
				const { from, to } = shardRange(shardFileName(shard, digits));
				expect(from <= shard && shard < to && to - from === 4 ** (6 - digits)).toBe(true);
			}
	});

	it('writes a line with its keys in one order', () => {
		const current = {
			answer: { ...choice('positive'), values: { b: ['y', 'x'], a: 'positive' } },
			by: ['zoe', 'ann'],
			source: 'human',
			at: '2026-01-01T00:00:00Z',
		} as const;
		const line = corpusLine(item, { ...current, answer: structuredClone(current.answer) });
		expect(line).toBe(
			'{"id":"r1","data":{"a":{"b":[2],"z":1},"text":"é\\n"},"meta":{"source":"x"},"group":"thread-7","split":"train",' +
				'"answer":{"regions":[],"texts":{},"values":{"a":"positive","b":["x","y"]}},"by":["ann","zoe"],"source":"human","at":"2026-01-01T00:00:00Z"}',
		);
		expect(JSON.parse(line)).toMatchObject(item);
	});

	it('leaves out what an item does not have, and the answer in the pool', () => {
		expect(poolLine({ id: 'r2', data: { text: 'x' }, split: 'gate' })).toBe(
			'{"id":"r2","data":{"text":"x"},"split":"gate"}',
		);
	});

	it('keeps the answers of the gate apart from what a run may see', () => {
		expect(folderOf('train', true)).toBe('items');
		expect(folderOf('valid', true)).toBe('items');
		expect(folderOf('gate', true)).toBe('gate');
		expect(folderOf('gate', false)).toBe('pool');
	});

	it.each([
		['image/png', 'png'],
		['image/jpeg', 'jpg'],
		['image/webp', 'webp'],
		['image/svg+xml', 'svg'],
		['audio/mpeg', 'mp3'],
		['application/x-../evil', 'bin'],
		['text/html', 'bin'],
	])('puts %s under .%s', (type, extension) => {
		const sha256 = sha256Hex(type);
		expect(mediaPath(sha256, type)).toBe(`media/${sha256.slice(0, 2)}/${sha256}.${extension}`);
	});

	it('writes and reads LFS pointers', () => {
		const sha256 = sha256Hex('bytes');
		const pointer = lfsPointer(sha256, 12);
		expect(pointer).toBe(
			`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize 12\n`,
		);
		expect(parseLfsPointer(pointer)).toEqual({ sha256, sizeBytes: 12 });
		expect(parseLfsPointer(pointer.slice(0, -1))).toBeUndefined();
		expect(parseLfsPointer(`${pointer}x`)).toBeUndefined();
		expect(gitAttributes).toContain('media/** filter=lfs diff=lfs merge=lfs -text\n');
	});

	it('writes dataset.json the same whatever order the counts came in', () => {
		const schema = schemaShape.parse({
			shows: [{ field: 'text', as: 'text' }],
			tools: [{ name: 'tone', kind: 'choice', options: [{ name: 'b' }, { name: 'a' }] }],
		});
		const counts = { train: 1, valid: 2, gate: 3, pool: 4 };
		const text = datasetJson({
			schema,
			schemaVersion: 2,
			counts,
			classes: { tone: { b: 1, a: 2 } },
		});
		const other = datasetJson({
			schema: Object.fromEntries(Object.entries(schema).reverse()) as typeof schema,
			schemaVersion: 2,
			counts: { pool: 4, gate: 3, valid: 2, train: 1 },
			classes: { tone: { a: 2, b: 1 } },
		});
		expect(other).toBe(text);
		expect(text.endsWith('}\n')).toBe(true);
		expect(JSON.parse(text)).toEqual({
			schema,
			schemaVersion: 2,
			counts,
			classes: { tone: { a: 2, b: 1 } },
		});
	});
});
