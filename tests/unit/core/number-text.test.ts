import { expect, test } from 'vitest';
import { z } from 'zod';
import { anyNumber, wholeNumber } from '#sync-server/http/number-text.ts';
import { openApi } from '#sync-server/http/openapi.ts';
import { route } from '#sync-server/http/route.ts';

test('a whole number is decimal digits within its limits and nothing else', () => {
	const limit = wholeNumber(1, 500);
	expect(limit.parse('1')).toBe(1);
	expect(limit.parse('0500')).toBe(500);
	const wrong = ['', ' ', '0', '501', '0x10', '1e2', '-1', '+1', '1.0', ' 7', '٣', '9'.repeat(16)];
	for (const text of [...wrong, 7, null, undefined])
		expect(limit.safeParse(text).success, JSON.stringify(text)).toBe(false);
	expect(limit.safeParse('0x10').error?.issues[0]?.message).toBe('not a whole number');
	expect(limit.default(100).parse(undefined)).toBe(100);
});

test('any number is written as in JSON, never as hex or a name', () => {
	for (const text of ['0', '-12.5', '1e3', '2.5E-3'])
		expect(anyNumber.parse(text)).toBe(JSON.parse(text));
	for (const text of ['', '0x1', 'NaN', 'Infinity', '1.', '.5', '1 '])
		expect(anyNumber.safeParse(text).success, text).toBe(false);
});

test('the OpenAPI document says that they are numbers', () => {
	const one = route({
		method: 'get',
		path: '/api/things',
		audience: 'anyone',
		summary: 'Things',
		query: z.object({ limit: wholeNumber(1, 500).default(100), from: anyNumber.optional() }),
		handle: () => Promise.resolve({}),
	});
	const { paths } = openApi([one], 'http://x') as {
		paths: { '/api/things': { get: { parameters: unknown[] } } };
	};
	expect(paths['/api/things'].get.parameters).toEqual([
		{
			name: 'limit',
			in: 'query',
			required: false,
			schema: { type: 'integer', minimum: 1, maximum: 500 },
		},
		{ name: 'from', in: 'query', required: false, schema: { type: 'number' } },
	]);
});
