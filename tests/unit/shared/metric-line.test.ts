import { describe, expect, it } from 'vitest';
import { readMetricLine } from '#shared/run/metric-line.ts';

describe('a line of metrics (design §5, shapes)', () => {
	it.each([
		['{"step": 120, "loss": 0.81}', { step: 120, values: { loss: 0.81 } }],
		['  {"step":0,"a":1,"b":-2e-3}\r', { step: 0, values: { a: 1, b: -0.002 } }],
		['{"step":1,"loss":NaN}', { step: 1, values: { loss: NaN } }],
		[
			'{"step":1,"up":Infinity,"down":-Infinity}',
			{ step: 1, values: { up: Infinity, down: -Infinity } },
		],
		['{"step":1,"NaN":NaN,"say":"NaN, \\"Infinity\\""}', { step: 1, values: { NaN: NaN } }],
		[
			'{"step":1,"nested":{"a":NaN},"list":[1,Infinity],"ok":true,"none":null,"x":2}',
			{ step: 1, values: { x: 2 } },
		],
		['{"step":0.5,"x":1}', { step: 0.5, values: { x: 1 } }],
		[`{"step":1,"${'k'.repeat(129)}":1,"x":2}`, { step: 1, values: { x: 2 } }],
	])('reads %s', (line, expected) => {
		expect(readMetricLine(line)).toEqual(expected);
	});

	it.each([
		'epoch 3, loss 0.2',
		'',
		'{}',
		'{"step":1}',
		'{"loss":1}',
		'{"step":"1","loss":1}',
		'{"step":NaN,"loss":1}',
		'{"step":Infinity,"loss":1}',
		'{"step":1,"loss":"NaN"}',
		'{"step":1,"loss":true}',
		'{"step":1,"loss":nan}',
		'{"step":1,"loss":NaNNaN}',
		'{"step":1,"loss":NaN',
		'[{"step":1,"loss":1}]',
		'{"step":1,"loss":1} {"step":2,"loss":1}',
		`{"step":1,"loss":1,"pad":"${'x'.repeat(65_536)}"}`,
	])('takes %s for ordinary output', (line) => {
		expect(readMetricLine(line)).toBeUndefined();
	});

	it('keeps a thousand values', () => {
		const many = Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`k${String(n)}`, n]));
		const read = readMetricLine(JSON.stringify({ step: 1, ...many }));
		expect(Object.keys(read?.values ?? {})).toHaveLength(1000);
	});

	it('is not slow on text that never ends a string', () => {
		expect(readMetricLine(`{"step":1,NaN${'"\\'.repeat(30_000)}}`)).toBeUndefined();
	});
});
