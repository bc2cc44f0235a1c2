import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogLines, plainLine } from '#app/model/log-lines.ts';

test('however a log is cut into pieces, its lines are the same', () => {
	const part = fc.constantFrom('one', '\n', '\r\n', '\r', '\u001b[31m', '\u001b[0m', 'ü — 漢', ' ');
	fc.assert(
		fc.property(fc.array(part), fc.array(fc.nat(200)), (parts, cuts) => {
			const text = parts.join('');
			const whole = new LogLines();
			whole.push(text);
			const pieces = new LogLines();
			let from = 0;
			for (const cut of [...cuts].sort((a, b) => a - b)) {
				pieces.push(text.slice(from, Math.max(from, cut)));
				from = Math.max(from, cut);
			}
			pieces.push(text.slice(from));
			expect(pieces.lines).toEqual(whole.lines);
		}),
	);
});

test.each([
	['\u001b[1;32mepoch 3\u001b[0m done', 'epoch 3 done'],
	['\u001b]0;a title\u0007text', 'text'],
	[' 10 %\r 55 %\r100 %', '100 %'],
	['ends with a carriage return\r', 'ends with a carriage return'],
	['<script>alert(1)</script>', '<script>alert(1)</script>'],
])('%j is shown as %j', (line, shown) => expect(plainLine(line)).toBe(shown));

test('the last line is there before it has ended, without half a terminal code', () => {
	const log = new LogLines();
	log.push('first\nsecond\u001b[3');
	expect(log.lines).toEqual(['first', 'second']);
	log.push('1m more\n');
	expect(log.lines).toEqual(['first', 'second more']);
});

test('of a log without end the newest lines are kept, and how many are not is known', () => {
	const log = new LogLines();
	for (let n = 0; n < 11; n++) log.push('line\n'.repeat(10_000));
	expect(log.lines).toHaveLength(100_000);
	expect(log.dropped).toBe(10_000);
});
