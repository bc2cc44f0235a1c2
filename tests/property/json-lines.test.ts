import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonLines, readLines, type Line } from '#shared/formats/json-lines.ts';

/** Bytes cut at the places given, so that lines and letters fall apart anywhere. */
function split(bytes: Uint8Array, cuts: readonly number[], limitBytes?: number): Line[] {
	const lines = new JsonLines(limitBytes);
	const places = [...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
	const found: Line[] = [];
	let from = 0;
	for (const to of [...places, bytes.length]) {
		const chunk = bytes.slice(from, to);
		found.push(...lines.push(chunk));
		chunk.fill(0); // a caller may reuse its buffer
		from = to;
	}
	return [...found, ...lines.end()];
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const cuts = fc.array(fc.nat(), { maxLength: 20 });
const text = fc.string({ unit: 'grapheme' }).map((one) => one.replace(/[\r\n\uFEFF]/g, ''));

describe('lines of a stream', () => {
	it('are the same wherever the chunks are cut', () => {
		fc.assert(
			fc.property(
				fc.array(text),
				fc.constantFrom('\n', '\r\n'),
				fc.boolean(),
				cuts,
				(list, end, isEnded, at) => {
					const whole = list.join(end) + (isEnded ? end : '');
					const expected = list.flatMap((one, n) =>
						one.trim() === '' ? [] : [{ kind: 'text', line: n + 1, text: one }],
					);
					expect(split(utf8(whole), at)).toEqual(expected);
				},
			),
			{ numRuns: 300 },
		);
	});

	it('survive any bytes, and know what is too long and what is not UTF-8', () => {
		const bytes = fc.array(fc.oneof(fc.constantFrom(10, 13, 97, 0xc3, 0xa9, 0xff)), {
			maxLength: 60,
		});
		fc.assert(
			fc.property(bytes, cuts, (list, at) => {
				const whole = Uint8Array.from(list);
				const found = split(whole, at, 4);
				expect(found).toEqual(split(whole, [], 4));
				const rows = Buffer.from(whole).toString('latin1').split('\n');
				for (const line of found) {
					const row = rows[line.line - 1]!.replace(/\r$/, '');
					expect(line.kind === 'tooLong').toBe(row.length > 4);
					if (line.kind === 'text') expect(Buffer.from(line.text).toString('latin1')).toBe(row);
				}
			}),
			{ numRuns: 500 },
		);
	});

	it('leave a byte order mark out at the start and keep it elsewhere', () => {
		expect(split(utf8('\uFEFF{}\n\uFEFFx'), [1, 2, 3])).toEqual([
			{ kind: 'text', line: 1, text: '{}' },
			{ kind: 'text', line: 2, text: '\uFEFFx' },
		]);
	});

	it('go on behind a line that is too long, with its number and none of its bytes', () => {
		const lines = new JsonLines(1000);
		const piece = new Uint8Array(100_000).fill(97);
		expect(lines.push(utf8('{"a":1}\n'))).toEqual([{ kind: 'text', line: 1, text: '{"a":1}' }]);
		for (let n = 0; n < 1000; n += 1) expect(lines.push(piece)).toEqual([]);
		expect(lines.push(utf8('\n{"b":2}'))).toEqual([{ kind: 'tooLong', line: 2 }]);
		expect(lines.end()).toEqual([{ kind: 'text', line: 3, text: '{"b":2}' }]);
	});

	it('may be as long as the limit, mark and CR not counted', () => {
		expect(split(utf8(`\uFEFF${'a'.repeat(8)}\r\n`), [5, 9], 8)).toEqual([
			{ kind: 'text', line: 1, text: 'aaaaaaaa' },
		]);
		expect(split(utf8('a'.repeat(9)), [], 8)).toEqual([{ kind: 'tooLong', line: 1 }]);
	});

	it('come in groups from a stream', async () => {
		async function* chunks() {
			yield utf8('1\n2\n');
			yield await Promise.resolve(utf8('3'));
		}
		const groups = [];
		for await (const group of readLines(chunks())) groups.push(group.map(({ line }) => line));
		expect(groups).toEqual([[1, 2], [3]]);
	});
});
