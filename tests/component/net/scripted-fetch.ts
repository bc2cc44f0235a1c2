import { onTestFinished, vi } from 'vitest';

export type Answer = (url: URL, init: RequestInit | undefined) => Response | Promise<Response>;

/** A server behind `fetch`, scripted by the test; what it throws is a network that fails. */
export function answerFetch(answer: Answer): { readonly requests: readonly string[] } {
	const requests: string[] = [];
	vi.stubGlobal('fetch', async (input: string | URL | Request, init?: RequestInit) => {
		const url = new URL(input instanceof Request ? input.url : input, location.href);
		requests.push(`${init?.method ?? 'GET'} ${url.pathname}${url.search}`);
		init?.signal?.throwIfAborted();
		return answer(url, init);
	});
	onTestFinished(() => void vi.unstubAllGlobals());
	return { requests };
}

/** The failure that a browser reports when nobody answers. */
export function nobody(): never {
	throw new TypeError('Failed to fetch');
}

export function json(value: unknown, status = 200): Response {
	return Response.json(value, { status });
}

export function lines(...values: unknown[]): Response {
	return new Response(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
}
