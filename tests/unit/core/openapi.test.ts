import { expect, test } from 'vitest';
import { z } from 'zod';
import { openApi } from '#sync-server/http/openapi.ts';
import { route } from '#sync-server/http/route.ts';

const routes = [
	route({
		method: 'put',
		path: '/api/things/:thing',
		audience: 'person',
		summary: 'Changes a thing',
		query: z.object({ dry: z.string().optional(), of: z.string() }),
		body: z.strictObject({ name: z.string().default('x') }),
		handle: () => Promise.resolve(undefined),
	}),
	route({
		method: 'get',
		path: '/api/door',
		audience: 'anyone',
		summary: 'Open to all',
		handle: () => Promise.resolve({}),
	}),
];

test('describes parameters, body, errors and who may call', () => {
	const { paths } = openApi(routes, 'http://x') as {
		paths: Record<string, Record<string, Record<string, unknown>>>;
	};
	const put = paths['/api/things/{thing}']!['put']!;
	expect(put['parameters']).toEqual([
		{ name: 'thing', in: 'path', required: true, schema: { type: 'string' } },
		{ name: 'dry', in: 'query', required: false, schema: { type: 'string' } },
		{ name: 'of', in: 'query', required: true, schema: { type: 'string' } },
	]);
	expect(put['security']).toEqual([{ token: [] }]);
	expect(JSON.stringify(put['requestBody'])).toContain('"default":"x"');
	expect(Object.keys(put['responses'] as object)).toEqual(['200', 'default']);
	expect(paths['/api/door']!['get']).not.toHaveProperty('security');
});
