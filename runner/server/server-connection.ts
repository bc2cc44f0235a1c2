import { setTimeout as delay } from 'node:timers/promises';
import { withRetries } from './backoff.ts';

/** The server understood and said no. Asking again gives the same answer. */
export class Refusal extends Error {
	readonly status: number;
	readonly code: string;

	constructor(status: number, code: string, message: string) {
		super(message);
		this.name = 'Refusal';
		this.status = status;
		this.code = code;
	}

	/** The attempt is over for the server, whatever this runner thinks. */
	get isSuperseded(): boolean {
		return this.code === 'superseded' || this.status === 401 || this.status === 404;
	}
}

export interface PostOptions {
	readonly json?: unknown;
	readonly bytes?: Uint8Array;
	readonly signal: AbortSignal;
	/** How long a lost connection is put up with (an hour); 0: one try. */
	readonly retryForMs?: number;
	/** How long one answer may take (60 s). */
	readonly answerWithinMs?: number;
}

/** Calls to one server with one token; what the network loses is sent again. */
export class ServerConnection {
	readonly url: string;
	readonly #authorization: string;

	constructor(url: string, token: string) {
		this.url = url;
		this.#authorization = `Bearer ${token}`;
	}

	/** Posts and answers the JSON of the reply, undefined for 204. Throws a Refusal for what the server refuses. */
	post(path: string, options: PostOptions): Promise<unknown> {
		return withRetries(() => this.#postOnce(path, options), {
			isFinal: (error) => error instanceof Refusal,
			signal: options.signal,
			...(options.retryForMs === undefined ? {} : { forMs: options.retryForMs }),
		});
	}

	async #postOnce(path: string, { json, bytes, signal, answerWithinMs = 60_000 }: PostOptions) {
		const response = await fetch(this.url + path, {
			method: 'POST',
			headers: {
				Authorization: this.#authorization,
				'Content-Type': bytes ? 'application/octet-stream' : 'application/json',
			},
			body: bytes ? Buffer.from(bytes) : JSON.stringify(json ?? {}),
			signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
		});
		const text = await response.text();
		if (response.ok) return text === '' ? undefined : (JSON.parse(text) as unknown);
		throw await failureOf(response, text, signal);
	}
}

/** A Refusal for what stays refused; a plain error (tried again) for overload and proxies that answer for the server. */
async function failureOf(response: Response, text: string, signal: AbortSignal): Promise<Error> {
	const { status } = response;
	const body = parseError(text);
	if (status === 429 || status === 503) {
		const seconds = Number(response.headers.get('retry-after') ?? 0);
		if (seconds > 0 && seconds <= 60) await delay(seconds * 1000, undefined, { signal });
	}
	const message = body?.message ?? `HTTP ${status}`;
	// Without the server's own words a 4xx comes from something in between, which may pass.
	if (status >= 400 && status < 500 && status !== 429 && body)
		return new Refusal(status, body.code, message);
	return new Error(`${new URL(response.url).pathname}: ${message}`);
}

function parseError(text: string): { code: string; message: string } | undefined {
	try {
		const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
		return typeof error?.code === 'string' && typeof error.message === 'string'
			? { code: error.code, message: error.message }
			: undefined;
	} catch {
		return undefined;
	}
}
