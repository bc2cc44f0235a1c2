import { closeCodes } from '#shared/wire/close-codes.ts';
import { fullJitterMs } from '#app/net/jitter.ts';
import { readHint, type Hint } from './hints.ts';

/** The server says something every 12.5 s: after this long the network swallows it. */
const silenceMs = 40_000;

export interface ListenOptions {
	/** Where `/live` is; the page's own origin unless told. */
	readonly origin?: string | undefined;
	/** Whose hints: with somebody else's cookie nothing is heard. */
	readonly user: string;
	readonly socket?: typeof WebSocket | undefined;
	/** Nothing was heard for so long: the connection is given up (40 s). */
	readonly silenceMs?: number | undefined;
	/** The session is over. */
	readonly onSignedOut?: (() => void) | undefined;
	readonly onHint: (hint: Hint) => void;
	/** Hints may have been missed: it has opened, or it is time to try again. */
	readonly onOpen: () => void;
	readonly signal: AbortSignal;
}

/**
 * Holds the socket of `/live`; connects when told, so that it never knocks at a server that is away. One
 * that closes, or that nothing is heard of, is let go; after a random while `onOpen` says to connect again.
 */
export function listen(options: ListenOptions): { connect(): void } {
	const { origin = location.origin, user, socket: Socket = WebSocket, signal } = options;
	let socket: WebSocket | undefined;
	let failures = 0;
	let silence: ReturnType<typeof setTimeout> | undefined;

	function gone(): void {
		clearTimeout(silence);
		socket = undefined;
		// The next page finds out what is the matter, and connects again once it is there.
		if (!signal.aborted) setTimeout(options.onOpen, 100 + fullJitterMs(failures++));
	}

	/** Lets go of a socket at once: a goodbye that nobody hears takes a minute. */
	function leave(opened: WebSocket): void {
		opened.onopen = opened.onmessage = opened.onclose = null;
		opened.close();
		gone();
	}

	function heard(opened: WebSocket): void {
		clearTimeout(silence);
		silence = setTimeout(leave, options.silenceMs ?? silenceMs, opened);
	}

	signal.addEventListener('abort', () => socket && leave(socket));
	return {
		connect() {
			if (socket || signal.aborted) return;
			const address = `${origin.replace(/^http/, 'ws')}/live?as=${encodeURIComponent(user)}`;
			const opened = new Socket(address);
			socket = opened;
			heard(opened);
			opened.onopen = options.onOpen;
			opened.onmessage = ({ data }) => {
				failures = 0;
				heard(opened);
				const hint = readHint(data);
				if (hint) options.onHint(hint);
			};
			opened.onclose = ({ code }) => {
				if (code === closeCodes.signInNeeded.code) options.onSignedOut?.();
				gone();
			};
		},
	};
}
