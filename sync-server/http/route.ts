import type { z } from 'zod';
import type { ErrorCode } from '#shared/api/errors.ts';
import type { Caller } from '../accounts/caller.ts';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head';

/** Who may call at all; which project, batch or run they may touch is the handler's first question to the guard. */
export type Audience = 'anyone' | 'person' | 'runner' | 'attempt' | 'person-or-attempt';

type CallerOf<A extends Audience> = A extends 'anyone'
	? Caller | undefined
	: A extends 'person'
		? Extract<Caller, { kind: 'person' }>
		: A extends 'runner'
			? Extract<Caller, { kind: 'runner' }>
			: A extends 'attempt'
				? Extract<Caller, { kind: 'attempt' }>
				: Extract<Caller, { kind: 'person' | 'attempt' }>;

/** What a handler gets: everything outside input is parsed already. */
interface RouteInput<A extends Audience, Query, Body> {
	readonly caller: CallerOf<A>;
	/** Path parameters, decoded; each is 1–200 characters. */
	readonly params: Readonly<Record<string, string>>;
	readonly query: Query;
	readonly body: Body;
	/** For streams, headers, the address. */
	readonly request: Request;
	/** Aborted when the client goes away. */
	readonly signal: AbortSignal;
}

export interface RouteSpec<A extends Audience, Q extends z.ZodType, B extends z.ZodType> {
	readonly method: Method;
	/** With `:name` parameters. */
	readonly path: `/${string}`;
	readonly audience: A;
	/** One line for the OpenAPI document. */
	readonly summary: string;
	readonly query?: Q;
	/** A JSON body of at most 8 MiB, parsed. Without it the handler reads `request.body` itself, if it wants one. */
	readonly body?: B;
	/** What a body that does not fit is called (`bad_request`). */
	readonly refusal?: ErrorCode;
	/** Status of a JSON answer (200). */
	readonly status?: 200 | 201 | 202;
	/** Answers a JSON value, or a Response it made itself; undefined is 204. Throws a CommandError for what the table names. */
	handle(input: RouteInput<A, z.output<Q>, z.output<B>>): Promise<unknown>;
}

export interface Route {
	readonly method: Method;
	readonly path: string;
	readonly audience: Audience;
	readonly summary: string;
	readonly query?: z.ZodType;
	readonly body?: z.ZodType;
	readonly refusal?: ErrorCode;
	readonly status: number;
	handle(input: RouteInput<Audience, unknown, unknown>): Promise<unknown>;
}

/** Declares a route; its types follow from the schemas that check its input. */
export function route<
	A extends Audience,
	Q extends z.ZodType = z.ZodType<Record<string, never>>,
	B extends z.ZodType = z.ZodType<undefined>,
>(spec: RouteSpec<A, Q, B>): Route {
	return { status: 200, ...spec };
}
