import { z } from 'zod';
import { LineSplitter } from './line-splitter.ts';

/** The server answered, and the answer is no. `message` says what happened, `hint` what to do about it. */
export class ApiError extends Error {
	readonly code: string;
	readonly hint: string | undefined;
	readonly status: number;
	/** How long the server wants to be left alone; 0 where it says nothing. */
	readonly retryAfterMs: number;

	constructor(
		status: number,
		code: string,
		message: string,
		hint: string | undefined,
		retryAfterMs = 0,
	) {
		super(message);
		this.name = 'ApiError';
		this.status = status;
		this.code = code;
		this.hint = hint;
		this.retryAfterMs = retryAfterMs;
	}
}

/** Nobody answered: no network, or the server is down. Waiting may mend it; what was asked may or may not have been done. */
export class Offline extends Error {
	/** How long whoever stands before the server wants to be left alone; 0 where nobody says so. */
	readonly retryAfterMs: number;

	constructor(options?: ErrorOptions & { readonly retryAfterMs?: number }) {
		super('The server cannot be reached', options);
		this.name = 'Offline';
		this.retryAfterMs = options?.retryAfterMs ?? 0;
	}
}

const errorBody = z.object({
	error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});

export interface RequestOptions {
	readonly signal?: AbortSignal;
}

export interface StreamOptions extends RequestOptions {
	readonly method?: 'POST' | 'PUT' | 'PATCH';
	readonly headers?: Readonly<Record<string, string>>;
	/** How much of the body is on its way. */
	readonly onSent?: (sentBytes: number, totalBytes: number) => void;
}

/**
 * Commands and reads over HTTP, as the person of the session cookie. Every method throws an ApiError when
 * the server refuses, Offline when nobody answers, and the signal's reason when it was aborted.
 */
export class Api {
	readonly #origin: string;
	readonly #user: () => string | undefined;

	/**
	 * `origin` is empty in the app, which only ever talks to where it came from. `user` says whose page this
	 * is: where somebody else has signed in on the device meanwhile, nothing is done in their name.
	 */
	constructor(origin = '', user: () => string | undefined = () => undefined) {
		this.#origin = origin;
		this.#user = user;
	}

	/** The same for one person; for whoever is signed in without one. */
	as(user: string | undefined): Api {
		return new Api(this.#origin, () => user);
	}

	get<T>(path: string, options: RequestOptions = {}): Promise<T> {
		return this.#json<T>('GET', path, undefined, options);
	}

	post<T = void>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
		return this.#json<T>('POST', path, body, options);
	}

	put<T = void>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
		return this.#json<T>('PUT', path, body, options);
	}

	patch<T = void>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
		return this.#json<T>('PATCH', path, body, options);
	}

	delete<T = void>(path: string, options: RequestOptions = {}): Promise<T> {
		return this.#json<T>('DELETE', path, undefined, options);
	}

	/** The answer itself, for bytes and for lines; its status is 2xx. */
	async fetch(path: string, init: RequestInit = {}): Promise<Response> {
		let response: Response;
		try {
			const headers = { ...this.#whose(), ...init.headers };
			response = await fetch(this.#origin + path, { credentials: 'same-origin', ...init, headers });
		} catch (error) {
			init.signal?.throwIfAborted();
			throw new Offline({ cause: error });
		}
		if (!response.ok) {
			const retryAfterMs = readRetryAfterMs(response.headers.get('Retry-After'));
			throw refusal(response.status, await response.text().catch(() => ''), retryAfterMs);
		}
		return response;
	}

	/**
	 * Sends a body and hands over the answer's JSON lines as they come. Through XMLHttpRequest, because
	 * fetch says nothing about how much of a body was sent, and Chromium takes a stream over HTTP/2 only.
	 */
	async stream(
		path: string,
		body: Blob | ReadableStream<Uint8Array<ArrayBuffer>> | string,
		onLine: (line: unknown) => void,
		{ signal, method = 'POST', headers = {}, onSent }: StreamOptions = {},
	): Promise<void> {
		const content = body instanceof ReadableStream ? await new Response(body).blob() : body;
		signal?.throwIfAborted();
		await new Promise<void>((resolve, reject) => {
			const request = new XMLHttpRequest();
			const lines = new LineSplitter((line) => onLine(JSON.parse(line)));
			const abort = () => request.abort();
			const settle = (end: () => void) => {
				signal?.removeEventListener('abort', abort);
				try {
					end();
				} catch (error) {
					reject(
						error instanceof Error
							? error
							: new Error('A line could not be read', { cause: error }),
					);
				}
			};
			signal?.addEventListener('abort', abort);
			request.open(method, this.#origin + path);
			for (const [name, value] of Object.entries({ ...this.#whose(), ...headers }))
				request.setRequestHeader(name, value);
			request.upload.onprogress = (event) => onSent?.(event.loaded, event.total);
			request.onprogress = () => {
				if (request.status < 300) lines.push(request.responseText);
			};
			request.onerror = () => settle(() => reject(new Offline()));
			request.onabort = () => settle(() => reject(signal?.reason as Error));
			request.onload = () =>
				settle(() => {
					if (request.status >= 300) return reject(refusal(request.status, request.responseText));
					lines.push(request.responseText);
					lines.end();
					resolve();
				});
			request.send(content);
		});
	}

	#whose(): Readonly<Record<string, string>> {
		const user = this.#user();
		return user === undefined ? {} : { 'Flywheel-User': user };
	}

	async #json<T>(
		method: string,
		path: string,
		body: unknown,
		{ signal }: RequestOptions,
	): Promise<T> {
		const response = await this.fetch(path, {
			method,
			...(signal ? { signal } : {}),
			...(body === undefined
				? {}
				: { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
		});
		if (response.status === 204) return undefined as T;
		try {
			return (await response.json()) as T;
		} catch (error) {
			signal?.throwIfAborted();
			throw new Offline({ cause: error }); // the connection was lost in the middle of the answer
		}
	}
}

/** `Retry-After` in seconds, an hour at most; a date, which nobody sends us, counts as nothing. */
function readRetryAfterMs(text: string | null): number {
	return text !== null && /^\d{1,9}$/.test(text) ? Math.min(Number(text), 3600) * 1000 : 0;
}

function refusal(status: number, text: string, retryAfterMs = 0): ApiError | Offline {
	const body = errorBody.safeParse(parseJson(text));
	if (body.success) {
		const { code, message, hint } = body.data.error;
		return new ApiError(status, code, message, hint, retryAfterMs);
	}
	// A proxy in front of a server that is down answers in its own words.
	if (status === 502 || status === 503 || status === 504) return new Offline({ retryAfterMs });
	return new ApiError(status, 'internal', `The server answered with status ${status}`, undefined);
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined; // not JSON: then it is not one of our errors either
	}
}
