import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { closeCodes, type CloseCode } from '#shared/wire/close-codes.ts';
import type { EndedCredentials } from '../accounts/ended-credentials.ts';
import { tokenProtocol, type Identify } from '../accounts/identify.ts';
import type { Caller } from '../accounts/caller.ts';
import { headOf, pathnameOf } from './node-request.ts';

type Person = Extract<Caller, { kind: 'person' }>;

interface Options {
	readonly server: Server;
	readonly identify: Identify;
	readonly ended: EndedCredentials;
	readonly live: (socket: WebSocket, person: Person) => Promise<void>;
	readonly sync: (socket: WebSocket, person: Person, document: string) => Promise<void>;
	readonly onFault: (error: unknown) => void;
}

const maxMessageBytes = 16 * 1024 * 1024;

/**
 * WebSockets at `/live` and `/sync/<document>`. A socket is accepted first and closed with a code then:
 * only so does a stock client learn that waiting will not help.
 */
export function acceptSockets({ server, identify, ended, live, sync, onFault }: Options) {
	const sockets = new WebSocketServer({
		noServer: true,
		maxPayload: maxMessageBytes,
		perMessageDeflate: false,
		handleProtocols: (_, request) =>
			tokenProtocol(request.headers['sec-websocket-protocol']) ?? false,
	});

	function upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
		connection.on('error', () => connection.destroy());
		const path = pathnameOf(request);
		const document = /^\/sync\/(.+)$/.exec(path)?.[1];
		if (path !== '/live' && document === undefined) {
			connection.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
			return;
		}
		sockets.handleUpgrade(request, connection, head, (socket) => {
			// What arrives before we know who speaks waits in the connection.
			socket.pause();
			socket.on('error', () => socket.terminate());
			welcome(socket, request, document).catch((error: unknown) => {
				onFault(error);
				close(socket, closeCodes.overloaded);
			});
		});
	}

	async function welcome(
		socket: WebSocket,
		request: IncomingMessage,
		document: string | undefined,
	): Promise<void> {
		const caller = await identify.socket(headOf(request));
		if (caller?.kind !== 'person' || ended.has(caller.credential))
			return close(socket, closeCodes.signInNeeded);
		const accepted =
			document === undefined ? live(socket, caller) : sync(socket, caller, decoded(document) ?? '');
		socket.resume();
		await accepted;
	}

	server.on('upgrade', upgrade);
	return {
		/** No new sockets, and those still open are ended, spread so that they do not all return at once. */
		async close(): Promise<void> {
			server.off('upgrade', upgrade);
			for (const socket of sockets.clients) close(socket, closeCodes.restarting);
			const deadline = AbortSignal.timeout(2000);
			while (sockets.clients.size > 0 && !deadline.aborted)
				await new Promise((resolve) => setImmediate(resolve));
			for (const socket of sockets.clients) socket.terminate();
			sockets.close();
		},
	};
}

function close(socket: WebSocket, { code, reason }: CloseCode): void {
	socket.resume();
	socket.close(code, reason);
}

function decoded(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined; // not a name of anything: closed as not found
	}
}
