import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { writeMessage, type Message } from '#shared/wire/messages.ts';
import { Frame } from './frame.ts';

const stateBytes = 2048;
const entriesPerFrame = 1000;
/** Everyone's moves of this long travel in one frame: ten a second at most. */
const gatherMs = 100;

/** Whose presence it is; a connection shows one Yjs client. */
export interface Present {
	readonly user: string;
	readonly userName: string;
	sendPresence(frame: Frame): void;
}

interface Shown {
	readonly of: Present;
	readonly clock: number;
	/** JSON; `null` when they left. */
	readonly state: string;
}

const nobody: Message = { kind: 'awareness', update: Uint8Array.of(0) };

/** The answer where nobody is shown. */
export const nobodyShown = writeMessage(nobody);

/** Says nothing. A stock client closes after 30 s without a message: this keeps it. */
export const keepAlive = new Frame(nobody);

/**
 * Who is in a document, relayed and never kept: one client id per connection, a bounded state, the person's
 * name put in by the server. A stock client repeats what it heard of others; of that only its own counts.
 */
export class Presence {
	readonly #isBlind: () => boolean;
	readonly #ownerOf: (client: number) => string | undefined;
	readonly #everyone: ReadonlySet<Present>;
	readonly #shown = new Map<number, Shown>();
	readonly #moved = new Set<number>();
	#timer: NodeJS.Timeout | undefined;

	constructor(options: {
		isBlind: () => boolean;
		ownerOf: (client: number) => string | undefined;
		everyone: ReadonlySet<Present>;
	}) {
		this.#isBlind = options.isBlind;
		this.#ownerOf = options.ownerOf;
		this.#everyone = options.everyone;
	}

	/** Takes a frame's awareness update; false when it is none. */
	receive(from: Present, update: Uint8Array): boolean {
		const entries = readEntries(update);
		if (!entries) return false;
		if (this.#isBlind()) return true;
		for (const entry of entries) {
			const known = this.#shown.get(entry.client);
			if (known ? !this.#mayMove(from, entry, known) : !this.#mayShow(from, entry.client)) continue;
			const state = withName(entry.state, from);
			if (state === undefined) continue;
			this.#show(entry.client, { of: from, clock: entry.clock, state });
		}
		return true;
	}

	/** Whoever comes back on another socket goes on, also while nobody knows yet that the first is gone. */
	#mayMove(from: Present, { clock }: AwarenessEntry, known: Shown): boolean {
		if (known.clock >= clock) return false;
		if (known.of === from) return true;
		return known.of.user === from.user && this.#clientOf(from) === undefined;
	}

	#mayShow(from: Present, client: number): boolean {
		if (this.#clientOf(from) !== undefined) return false;
		const owner = this.#ownerOf(client);
		return owner === undefined || owner === from.user;
	}

	#clientOf(one: Present): number | undefined {
		for (const [client, { of }] of this.#shown) if (of === one) return client;
		return undefined;
	}

	/** Tells the others that someone left. */
	leave(one: Present): void {
		const client = this.#clientOf(one);
		if (client === undefined) return;
		this.#show(client, { of: one, clock: this.#shown.get(client)!.clock + 1, state: 'null' });
	}

	/** Everyone who is here, as one frame. */
	frame(): Uint8Array {
		return this.#isBlind() || this.#shown.size === 0
			? nobodyShown
			: writeMessage(showing([...this.#shown]));
	}

	stop(): void {
		clearTimeout(this.#timer);
	}

	#show(client: number, shown: Shown): void {
		this.#shown.set(client, shown);
		this.#moved.add(client);
		this.#timer ??= setTimeout(() => this.#send(), gatherMs).unref();
	}

	#send(): void {
		this.#timer = undefined;
		const frame = new Frame(
			showing([...this.#moved].map((client) => [client, this.#shown.get(client)!])),
		);
		for (const client of this.#moved)
			if (this.#shown.get(client)!.state === 'null') this.#shown.delete(client);
		this.#moved.clear();
		for (const one of this.#everyone) one.sendPresence(frame);
	}
}

/** True for an awareness update that shows somebody; false for goodbyes and for bytes that are none. */
export function showsSomebody(update: Uint8Array): boolean {
	return readEntries(update)?.some(({ state }) => state !== 'null') ?? false;
}

interface AwarenessEntry {
	readonly client: number;
	readonly clock: number;
	readonly state: string;
}

function readEntries(update: Uint8Array): AwarenessEntry[] | undefined {
	try {
		const input = decoding.createDecoder(update);
		const count = decoding.readVarUint(input);
		if (count > entriesPerFrame) return undefined;
		return Array.from({ length: count }, () => ({
			client: decoding.readVarUint(input),
			clock: decoding.readVarUint(input),
			state: decoding.readVarString(input),
		}));
	} catch {
		return undefined; // truncated: not an awareness update
	}
}

function showing(shown: readonly (readonly [number, Shown])[]): Message {
	const update = encoding.encode((out) => {
		encoding.writeVarUint(out, shown.length);
		for (const [client, { clock, state }] of shown) {
			encoding.writeVarUint(out, client);
			encoding.writeVarUint(out, clock);
			encoding.writeVarString(out, state);
		}
	});
	return { kind: 'awareness', update };
}

/** The state with the person's true id and name in it, or undefined where it is no small JSON object. */
function withName(state: string, { user, userName }: Present): string | undefined {
	if (state.length > stateBytes) return undefined;
	try {
		const value = JSON.parse(state) as unknown;
		if (value === null) return 'null';
		if (typeof value !== 'object' || Array.isArray(value)) return undefined;
		return JSON.stringify({ ...value, user, name: userName });
	} catch {
		return undefined; // not JSON: nothing to show
	}
}
