import { ApiError, Offline } from '#app/net/api.ts';

/** One device's way to the server, cut when the test says so. */
export class Network {
	/** Where the server listens now: after a kill it is another port. */
	address: string;
	isCut = false;
	readonly #sockets = new Set<WebSocket>();

	constructor(address: string) {
		this.address = address;
	}

	/** What the app takes for WebSocket. */
	get socket(): typeof WebSocket {
		const open = (url: URL): URL => {
			const { host } = new URL(this.address);
			url.host = host;
			url.searchParams.set('user', url.searchParams.get('as') ?? '');
			return url;
		};
		const opened = (socket: WebSocket): void => {
			this.#sockets.add(socket);
			socket.addEventListener('close', () => this.#sockets.delete(socket));
			if (this.isCut) socket.close();
		};
		return class extends WebSocket {
			constructor(url: string | URL) {
				super(open(new URL(url)));
				opened(this);
			}
		};
	}

	/** Nothing is exchanged over HTTP: every document takes a socket. */
	get api() {
		return {
			fetch: () =>
				Promise.reject(this.isCut ? new Offline() : new ApiError(404, 'not_found', '', undefined)),
		};
	}

	/** Ends every connection; while `isCut`, new ones too. */
	cut(): void {
		for (const socket of [...this.#sockets]) socket.close();
	}
}
