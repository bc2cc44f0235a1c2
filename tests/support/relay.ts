import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** How a network fails: connections are reset, refused, or nothing comes through and nobody says so. */
export type Cut = 'reset' | 'refused' | 'black hole';

/**
 * A TCP relay that a test owns: everything between a browser and its server goes through it, page and
 * socket alike, so that cutting it is a real cut. (A browser's offline flag holds messages back and
 * delivers them later: it is the kindest cut there is.)
 */
export class Relay {
	readonly #target: number;
	readonly #pairs = new Set<readonly [Socket, Socket]>();
	#server: Server | undefined;
	#port = 0;
	#isBlackHole = false;

	constructor(targetPort: number) {
		this.#target = targetPort;
	}

	get url(): string {
		return `http://127.0.0.1:${this.#port}`;
	}

	get port(): number {
		return this.#port;
	}

	/** Opens the relay, on the same port as before if it was open once. */
	async open(): Promise<void> {
		this.#isBlackHole = false;
		if (this.#server) {
			// After a black hole the old connections hold half-sent bytes: a real network drops them, too.
			for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
			return;
		}
		this.#server = createServer((client) => this.#join(client));
		this.#server.listen(this.#port, '127.0.0.1');
		await once(this.#server, 'listening');
		this.#port = (this.#server.address() as AddressInfo).port;
	}

	async cut(how: Cut): Promise<void> {
		if (how === 'black hole') {
			this.#isBlackHole = true;
			for (const [client, server] of this.#pairs) {
				client.pause();
				server.pause();
			}
			return;
		}
		if (how === 'refused') {
			const closed = this.#server && once(this.#server, 'close');
			this.#server?.close();
			this.#server = undefined;
			this.#reset();
			await closed;
			return;
		}
		this.#reset();
	}

	async close(): Promise<void> {
		await this.cut('refused');
	}

	#reset(): void {
		for (const [client, server] of this.#pairs) {
			client.resetAndDestroy();
			server.resetAndDestroy();
		}
		this.#pairs.clear();
	}

	#join(client: Socket): void {
		const server = connect(this.#target, '127.0.0.1');
		const pair = [client, server] as const;
		this.#pairs.add(pair);
		const end = (): void => {
			this.#pairs.delete(pair);
			client.destroy();
			server.destroy();
		};
		for (const socket of pair) socket.on('error', end).on('close', end);
		if (this.#isBlackHole) {
			client.pause();
			server.pause();
		}
		client.pipe(server).pipe(client);
		if (this.#isBlackHole) {
			client.pause();
			server.pause();
		}
	}
}
