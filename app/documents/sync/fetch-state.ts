import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { Offline } from '#app/net/api.ts';

export interface FetchStateInput {
	/** `ws://host/sync` */
	readonly url: string;
	readonly name: string;
	/** Whose state: with somebody else's cookie nothing is answered. */
	readonly user: string;
	readonly signal: AbortSignal;
	readonly socket?: typeof WebSocket | undefined;
	readonly limitMs?: number;
}

/** The server's state of a document, in a doc of its own that has sent nothing. Throws Offline. */
export async function fetchState(input: FetchStateInput): Promise<Y.Doc> {
	const { url, name, user, socket, signal, limitMs = 10_000 } = input;
	const doc = new Y.Doc();
	const provider = new WebsocketProvider(url, name, doc, {
		connect: false,
		disableBc: true,
		params: { as: user },
		shouldReconnect: () => false,
		...(socket ? { WebSocketPolyfill: socket } : {}),
	});
	provider.awareness.setLocalState(null);
	const ended = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
	try {
		await new Promise<void>((resolve, reject) => {
			provider.on('sync', (isSynced) => isSynced && resolve());
			provider.on('connection-close', () => reject(new Offline()));
			ended.addEventListener('abort', () => reject(new Offline({ cause: ended.reason })));
			provider.connect();
		});
		return doc;
	} finally {
		provider.awareness.destroy();
		provider.destroy();
	}
}
