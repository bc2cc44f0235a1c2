import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from '#shared/numbers/canonical-json.ts';
import { isSha256, sha256Hex } from '#shared/numbers/hash.ts';
import { splitOf } from '#shared/numbers/split.ts';
import { shardOf } from '#shared/snapshot/layout.ts';

const json = fc.jsonValue({ stringUnit: 'grapheme' }) as fc.Arbitrary<Json>;

/** The same value with the keys of every object the other way round. */
function reversed(value: Json): Json {
	if (Array.isArray(value)) return (value as readonly Json[]).map(reversed);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.reverse()
			.map(([key, member]) => [key, reversed(member)]),
	);
}

describe('canonical JSON', () => {
	it('says what it was given', () => {
		fc.assert(
			fc.property(json, (value) => {
				expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
			}),
		);
	});

	it('spells equal values alike, whatever the order of their keys', () => {
		fc.assert(
			fc.property(json, (value) => {
				const text = canonicalJson(value);
				expect(canonicalJson(reversed(value))).toBe(text);
				expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
			}),
		);
	});

	it('follows RFC 8785', () => {
		// Section 3.2.3 of the RFC: keys sort by UTF-16 code units, so the emoji stands before U+FB33.
		const keys = {
			'\u20ac': 1,
			'\r': 2,
			'\ufb33': 3,
			'1': 4,
			'\ud83d\ude00': 5,
			'\u0080': 6,
			'\u00f6': 7,
		};
		expect(canonicalJson(keys)).toBe(
			'{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
		);
		expect(canonicalJson([Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27, -0])).toBe(
			'[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
		);
		expect(canonicalJson('\u20ac$\u000f\nA\'B"\\/')).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\/"');
	});

	it('leaves out what is undefined, as JSON does', () => {
		expect(canonicalJson(Object.assign({ b: 1 }, { a: undefined }) as unknown as Json)).toBe(
			'{"b":1}',
		);
	});

	it.each([NaN, Infinity, '\ud800', { '\udfff': 1 }])('has no spelling for %j', (value) => {
		expect(() => canonicalJson(value as Json)).toThrow(TypeError);
	});
});

describe('what an id decides for ever', () => {
	const ids = Array.from({ length: 20_000 }, (_, n) => `item-${String(n)}`);

	it('splits about 80 : 10 : 10', () => {
		const counts = { train: 0, valid: 0, gate: 0 };
		for (const id of ids) counts[splitOf(id)] += 1;
		// Five standard deviations of a binomial of 20,000.
		expect(Math.abs(counts.train - 16_000)).toBeLessThan(283);
		expect(Math.abs(counts.valid - 2000)).toBeLessThan(213);
		expect(Math.abs(counts.gate - 2000)).toBeLessThan(213);
	});

	it('splits as it did on the first day', () => {
		expect(['r1', 'r2', 'thread-7', 'é', '', 'a', 'b', 'c'].map(splitOf)).toMatchInlineSnapshot(`
			[
			  "train",
			  "gate",
			  "valid",
			  "train",
			  "train",
			  "train",
			  "train",
			  "train",
			]
		`);
	});

	it('spreads shards evenly', () => {
		const counts = new Uint32Array(16);
		for (const id of ids) counts[shardOf(id) >> 8]! += 1;
		for (const count of counts) expect(Math.abs(count - 1250)).toBeLessThan(5 * Math.sqrt(1250));
	});

	it('hashes text as UTF-8', () => {
		expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
		expect(sha256Hex('é')).toBe(sha256Hex(Uint8Array.of(0xc3, 0xa9)));
		expect(isSha256(sha256Hex('é'))).toBe(true);
		expect([isSha256('E3'), isSha256(`${sha256Hex('')}\n`), isSha256(3)]).toEqual([
			false,
			false,
			false,
		]);
	});
});
