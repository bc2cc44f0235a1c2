import { randomInt } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import { closeCodes, type CloseCode } from '#shared/wire/close-codes.ts';
import { readClientAddress, type ClientAddress } from '#shared/wire/client-address.ts';
import type { CredentialExpiry } from '../accounts/credential-expiry.ts';
import type { EndedCredentials } from '../accounts/ended-credentials.ts';
import { tokenProtocol, type Identify } from '../accounts/identify.ts';
import type { Caller } from '../accounts/caller.ts';
import { Wire } from '../documents/connection/wire.ts';
import { Admission, admissionLimits, type AdmissionLimits } from './admission.ts';
import { pathnameOf, RequestHead } from './node-request.ts';

type Person = Extract<Caller, { kind: 'person' }>;

interface Options {
	readonly server: Server;
	readonly identify: Pick<Identify, 'socket'>;
	readonly ended: EndedCredentials;
	readonly expiry: Pick<CredentialExpiry, 'watch'>;
	/** Both resolve when the socket is served. */
	readonly live: (socket: WebSocket, person: Person) => Promise<void>;
	readonly sync: (
		wire: Wire,
		person: Person,
		document: string,
		address: ClientAddress,
	) => Promise<void>;
	readonly onFault: (error: unknown) => void;
	readonly limits?: AdmissionLimits;
}

/** A little more than a document takes: what is only just too large is told so, and not only cut off. */
const maxMessageBytes = 17 * 1024 * 1024;
/** Nobody listens to what is said on `/live`. */
const maxUnheardBytes = 1024;
/** At a restart: between one goodbye and the next, and for all of them. */
const goodbyeMs = 2;
const goodbyesMs = 3000;
const handshakeMs = 2000;

/**
 * WebSockets at `/live` and `/sync/<document>`. A socket is accepted first and closed with a code then:
 * only so does a stock client learn that waiting will not help. Where waiting will, because too many come
 * at once, the answer is 503 before there is a socket.
 */
export function acceptSockets(options: Options) {
	const { server, identify, expiry, live, sync, onFault } = options;
	const admission = new Admission(options.limits ?? admissionLimits);
	let isClosing = false;
	const documents = socketServer(maxMessageBytes);
	const hints = socketServer(maxUnheardBytes);
	const all = (): WebSocket[] => [...documents.clients, ...hints.clients];

	function upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
		connection.on('error', gone);
		const path = pathnameOf(request);
		const document = /^\/sync\/(.+)$/.exec(path)?.[1];
		if (path !== '/live' && document === undefined) return turnAway(connection, '404 Not Found');
		if (isClosing || !admission.hasRoom)
			// Not all at the same moment again.
			return turnAway(connection, '503 Service Unavailable', [`Retry-After: ${randomInt(2, 10)}`]);
		const sockets = document === undefined ? hints : documents;
		// What can be said in this turn of the event loop goes out in one piece with the handshake.
		connection.cork();
		setImmediate(() => connection.uncork());
		sockets.handleUpgrade(request, connection, head, (socket) => {
			// What arrives before we know who speaks waits in the connection.
			socket.pause();
			socket.on('error', ended);
			socket.once('close', admission.opened());
			admission
				.joining(() => welcome(new Wire(socket, connection), request, document))
				.catch((error: unknown) => {
					onFault(error);
					close(socket, closeCodes.overloaded);
				});
		});
	}

	async function welcome(
		wire: Wire,
		request: IncomingMessage,
		document: string | undefined,
	): Promise<void> {
		const { socket } = wire;
		const asked = new RequestHead(request);
		const caller = await identify.socket(asked);
		if (caller?.kind !== 'person' || options.ended.has(caller.credential))
			return close(socket, closeCodes.signInNeeded);
		if (isClosing) return close(socket, closeCodes.restarting);
		const left = admission.ofUser(caller.user);
		if (!left) return close(socket, closeCodes.tooMany);
		if (socket.readyState === socket.CLOSED) return left();
		socket.once('close', left);
		if (caller.endsAt !== undefined)
			socket.once('close', expiry.watch(caller.credential, caller.endsAt));
		const accepted =
			document === undefined
				? live(socket, caller)
				: sync(wire, caller, decoded(document) ?? '', readClientAddress(asked.query));
		socket.resume();
		await accepted;
	}

	server.on('upgrade', upgrade);
	return {
		/** No new sockets; those still open are ended in no order over up to 3 s, so that they do not return at once. */
		async close(): Promise<void> {
			isClosing = true;
			const open = shuffled(all());
			const pauseMs = Math.min(goodbyeMs, goodbyesMs / open.length);
			const began = performance.now();
			for (const [index, socket] of open.entries()) {
				const restMs = index * pauseMs - (performance.now() - began);
				if (restMs >= 1) await wait(restMs);
				close(socket, closeCodes.restarting);
			}
			await allClosed(all(), handshakeMs);
			for (const socket of all()) socket.terminate();
			documents.close();
			hints.close();
			server.off('upgrade', upgrade);
		},
	};
}

function socketServer(maxPayload: number): WebSocketServer {
	return new WebSocketServer({
		noServer: true,
		maxPayload,
		perMessageDeflate: false,
		handleProtocols: (_, request) =>
			tokenProtocol(request.headers['sec-websocket-protocol']) ?? false,
	});
}

// Of these each socket has one for as long as it lives: they hold nothing of how it began.
function gone(this: Duplex): void {
	this.destroy();
}

function ended(this: WebSocket): void {
	this.terminate();
}

function turnAway(connection: Duplex, status: string, headers: readonly string[] = []): void {
	connection.end([`HTTP/1.1 ${status}`, ...headers, 'Connection: close', '', ''].join('\r\n'));
}

function close(socket: WebSocket, { code, reason }: CloseCode): void {
	socket.resume();
	socket.close(code, reason);
}

/** Resolves when all of them are closed, or the time is over. */
async function allClosed(sockets: readonly WebSocket[], limitMs: number): Promise<void> {
	const over = new AbortController();
	const closed = sockets
		.filter((socket) => socket.readyState !== socket.CLOSED)
		.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
	const limit = wait(limitMs, undefined, { signal: over.signal }).catch(() => undefined);
	await Promise.race([Promise.all(closed), limit]);
	over.abort();
}

function shuffled<T>(all: T[]): T[] {
	for (let index = all.length - 1; index > 0; index--) {
		const other = randomInt(index + 1);
		[all[index], all[other]] = [all[other]!, all[index]!];
	}
	return all;
}

function decoded(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined; // not a name of anything: closed as not found
	}
}
