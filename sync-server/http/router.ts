import { Hono } from 'hono';
import type { z } from 'zod';
import { CommandError, type ErrorCode } from '#shared/api/errors.ts';
import type { Caller } from '../accounts/caller.ts';
import { cleanShape } from './clean-input.ts';
import { openApi } from './openapi.ts';
import { requestBody } from './request-body.ts';
import type { Audience, Route } from './route.ts';

const bodyLimitBytes = 8 * 1024 * 1024;

export interface RouterOptions {
	readonly routes: readonly Route[];
	/** Who makes the request; throws `cross_site` for a cookie with a foreign Origin. Undefined without credentials. */
	readonly identify: (request: Request) => Promise<Caller | undefined>;
	/** Told about every failure that is not the caller's. */
	readonly onFault: (error: unknown, request: Request) => void;
	readonly url: string;
}

/** The one router of `/api`: finds the route, identifies, parses, and prints errors from the table. */
export function apiRouter({ routes, identify, onFault, url }: RouterOptions): Hono {
	const app = new Hono();
	const document = openApi(routes, url);
	app.get('/api/openapi.json', (context) => context.json(document));
	for (const route of routes) {
		app.on(route.method.toUpperCase(), route.path, async (context) => {
			const request = context.req.raw;
			const caller = await identify(request);
			admit(caller, route.audience);
			const result = await route.handle({
				caller,
				params: checkedParams(context.req.param()),
				query: parse(route.query, context.req.query(), 'query'),
				body: route.body
					? parse(route.body, await readJson(request), 'body', route.refusal)
					: undefined,
				request,
				signal: request.signal,
			});
			if (result instanceof Response) return result;
			if (result === undefined) return new Response(null, { status: 204 });
			return Response.json(result, { status: route.status });
		});
	}
	app.all('/api/*', (context) => {
		const isKnown = routes.some(({ path }) => matches(path, context.req.path));
		throw isKnown
			? new CommandError(
					'method_not_allowed',
					`${context.req.path} does not take ${context.req.method}.`,
				)
			: new CommandError('not_found', `There is nothing at ${context.req.path}.`);
	});
	app.onError((error, context) => {
		if (error instanceof CommandError) return errorResponse(error);
		onFault(error, context.req.raw);
		return errorResponse(new CommandError('internal', 'Something went wrong on the server.'));
	});
	return app;
}

/** An error as every door of the server prints it. */
function errorResponse(error: CommandError): Response {
	const headers: Record<string, string> = {};
	if (error.code === 'overloaded') headers['Retry-After'] = '2';
	return Response.json(error.body, { status: error.status, headers });
}

function admit(caller: Caller | undefined, audience: Audience): void {
	if (audience === 'anyone') return;
	if (!caller) throw new CommandError('signed_out', 'This needs a signed-in person or a token.');
	const fits =
		audience === 'person-or-attempt' ? caller.kind !== 'runner' : caller.kind === audience;
	if (!fits) throw new CommandError('not_found', 'There is nothing here for this token.');
}

function checkedParams(params: Record<string, string>): Record<string, string> {
	for (const value of Object.values(params))
		if (value.length === 0 || value.length > 200 || value.includes('\0'))
			throw new CommandError('not_found', 'There is no such thing.');
	return params;
}

function parse(
	schema: z.ZodType | undefined,
	input: unknown,
	what: string,
	refusal: ErrorCode = 'bad_request',
): unknown {
	if (!schema) return input;
	const clean = cleanShape.safeParse(input);
	const parsed = clean.success ? schema.safeParse(input) : clean;
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	const path = [what, ...(issue?.path ?? [])].reduce<string>(
		(text, part) =>
			typeof part === 'number'
				? `${text}[${part}]`
				: text === ''
					? String(part)
					: `${text}.${String(part)}`,
		'',
	);
	throw new CommandError(refusal, `${path}: ${issue?.message ?? 'not as expected'}`);
}

async function readJson(request: Request): Promise<unknown> {
	const length = Number(request.headers.get('content-length') ?? 0);
	if (length > bodyLimitBytes) throw tooLarge();
	const chunks: Uint8Array[] = [];
	let total = 0;
	for await (const chunk of requestBody(request)) {
		total += chunk.length;
		if (total > bodyLimitBytes) throw tooLarge();
		chunks.push(chunk);
	}
	try {
		return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
	} catch (cause) {
		throw new CommandError('bad_json', 'The body is not JSON.', { cause });
	}
}

function tooLarge(): CommandError {
	return new CommandError('too_large', 'The body is larger than 8 MiB.');
}

function matches(pattern: string, path: string): boolean {
	const [a, b] = [pattern.split('/'), path.split('/')];
	return a.length === b.length && a.every((part, i) => part.startsWith(':') || part === b[i]);
}
