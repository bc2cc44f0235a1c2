import type { IncomingMessage } from 'node:http';

/** The address and the headers of a node request: what a socket begins with. */
export class RequestHead {
	/** What the address says behind its path. */
	readonly query: URLSearchParams;
	readonly #incoming: IncomingMessage;

	constructor(incoming: IncomingMessage) {
		this.#incoming = incoming;
		const path = pathOf(incoming);
		const at = path.indexOf('?');
		this.query = new URLSearchParams(at === -1 ? '' : path.slice(at));
	}

	/** By its name in small letters; null where it was not sent. */
	header(name: string): string | null {
		const value = this.#incoming.headers[name];
		return Array.isArray(value) ? value.join(', ') : (value ?? null);
	}

	/** All of them, for a library that reads them from there; made anew each time. */
	headers(): Headers {
		const all = new Headers();
		for (const name of Object.keys(this.#incoming.headers)) {
			const value = this.header(name);
			if (value !== null) all.set(name, value);
		}
		return all;
	}
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
