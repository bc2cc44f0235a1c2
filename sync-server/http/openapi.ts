import { z } from 'zod';
import { errorTable } from '#shared/api/errors.ts';
import type { Route } from './route.ts';

/** The OpenAPI 3.1 document of the routes, made from the same schemas that check their input. */
export function openApi(routes: readonly Route[], serverUrl: string): object {
	const paths: Record<string, Record<string, unknown>> = {};
	for (const route of routes) {
		const path = route.path.replace(/:(\w+)/g, '{$1}');
		(paths[path] ??= {})[route.method] = operation(route);
	}
	return {
		openapi: '3.1.0',
		info: { title: 'Flywheel', version: '1' },
		servers: [{ url: serverUrl }],
		components: {
			securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
			schemas: {
				Error: {
					type: 'object',
					required: ['error'],
					properties: {
						error: {
							type: 'object',
							required: ['code', 'message'],
							properties: {
								code: { enum: Object.keys(errorTable) },
								message: { type: 'string' },
								hint: { type: 'string' },
							},
						},
					},
				},
			},
		},
		paths,
	};
}

function operation(route: Route): object {
	const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
		name,
		in: 'path',
		required: true,
		schema: { type: 'string' },
	}));
	const query = route.query ? (jsonSchema(route.query) as QuerySchema) : undefined;
	const inQuery = Object.entries(query?.properties ?? {}).map(([name, schema]) => ({
		name,
		in: 'query',
		required: query?.required?.includes(name) ?? false,
		schema,
	}));
	return {
		summary: route.summary,
		...(route.audience === 'anyone' ? {} : { security: [{ token: [] }] }),
		parameters: [...inPath, ...inQuery],
		...(route.body
			? {
					requestBody: {
						required: true,
						content: { 'application/json': { schema: jsonSchema(route.body) } },
					},
				}
			: {}),
		responses: {
			[route.status]: { description: 'Done' },
			default: {
				description: 'An error of the table',
				content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
			},
		},
	};
}

interface QuerySchema {
	readonly properties?: Readonly<Record<string, unknown>>;
	readonly required?: readonly string[];
}

function jsonSchema(schema: z.ZodType): unknown {
	const printed: Record<string, unknown> = {
		...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
	};
	delete printed['$schema']; // OpenAPI 3.1 names its dialect once
	return printed;
}
