import type { IncomingMessage } from 'node:http';

/** The head of a node request (method, address, headers) as a Request without a body, for doors that identify. */
export function headOf(incoming: IncomingMessage): Request {
	const headers = new Headers();
	for (const [name, value] of Object.entries(incoming.headers))
		if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
	const method = incoming.method === 'HEAD' ? 'HEAD' : 'GET';
	return new Request(new URL(pathOf(incoming), 'http://localhost'), { method, headers });
}

/** The path with its query; a request line that is no path (`//host`, `http://…`) keeps its path alone. */
function pathOf({ url = '/' }: IncomingMessage): string {
	return url.startsWith('/') ? url.replace(/^\/+/, '/') : (URL.parse(url)?.pathname ?? '/');
}

/** The path of a request without its query: what logs may hold. */
export function pathnameOf(incoming: IncomingMessage): string {
	return pathOf(incoming).split('?', 1)[0]!;
}

/** Where a request came from; behind a proxy on this machine, what the proxy says. */
export function addressOf(incoming: IncomingMessage): string {
	const address = incoming.socket.remoteAddress ?? 'unknown';
	const forwarded = incoming.headers['x-forwarded-for'];
	if (!isThisMachine(address) || forwarded === undefined) return address;
	return String(forwarded).split(',').at(-1)!.trim();
}

/** True for a request that began on this machine, not merely passed a proxy on it. */
export function isLocal(incoming: IncomingMessage): boolean {
	return isThisMachine(addressOf(incoming));
}

function isThisMachine(address: string): boolean {
	return /^(::1|(::ffff:)?127\.)/.test(address);
}
