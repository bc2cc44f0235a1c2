import * as Y from 'yjs';
import { encodingState } from '#shared/wire/encode-state.ts';
import { piecesOf, pieceLimits as sentLimits, splitUpdate } from '#shared/wire/split-update.ts';

/** So long a page may be busy without a pause: a quarter of a frame; the step that runs over it comes on top. */
const sliceMs = 4;
/** Each is applied within a few milliseconds, with everything that listens to the document. */
const appliedLimits = { bytes: 8 * 1024, structs: 100 };
/** Each is made within a millisecond. */
const madeLimits = { bytes: 16 * 1024, structs: 250 };

/**
 * Takes the steps of some work, with a pause whenever the page was busy for long enough. Another one comes behind
 * work that took a while: what is done with it would else be in the same task, and perhaps be sliced work itself.
 */
export async function inSlices<T>(work: Generator<unknown, T>): Promise<T> {
	for (let began = performance.now(); ;) {
		const { done, value } = work.next();
		const spentMs = performance.now() - began;
		if (done) {
			if (spentMs > sliceMs / 4) await pause();
			return value;
		}
		if (spentMs < sliceMs) continue;
		await pause();
		began = performance.now();
	}
}

/**
 * Applies updates (v1) in their order, the large ones piece by piece, with pauses. A page that shows the
 * document draws in between, and what people write meanwhile goes in between, too. An update that cannot be
 * read throws, or is handed to `onUnreadable` and left out.
 */
export function applyInSlices(
	doc: Y.Doc,
	updates: readonly Uint8Array[],
	origin: unknown,
	onUnreadable?: (update: Uint8Array) => void,
): Promise<void> {
	return inSlices(applying(doc, updates, origin, onUnreadable));
}

function* applying(
	doc: Y.Doc,
	updates: readonly Uint8Array[],
	origin: unknown,
	onUnreadable?: (update: Uint8Array) => void,
): Generator<undefined, void> {
	const passOver = (update: Uint8Array, error: unknown): void => {
		if (!onUnreadable) throw error;
		onUnreadable(update);
	};
	for (const together of packsOf(updates, passOver)) {
		if (together)
			doc.transact(() => {
				for (const update of together)
					try {
						Y.applyUpdate(doc, update, origin);
					} catch (error) {
						passOver(update, error);
					}
			}, origin);
		yield;
	}
}

/** Small updates that follow each other, for one transaction; large ones in pieces. Undefined is a pause. */
function* packsOf(
	updates: readonly Uint8Array[],
	passOver: (update: Uint8Array, error: unknown) => void,
): Generator<Uint8Array[] | undefined, void> {
	let pack: Uint8Array[] = [];
	let bytes = 0;
	for (const update of updates)
		for (const piece of update.length > appliedLimits.bytes
			? readablePieces(update, passOver)
			: [update]) {
			if (!piece) {
				yield;
				continue;
			}
			if (pack.length > 0 && bytes + piece.length > appliedLimits.bytes) {
				yield pack;
				pack = [];
				bytes = 0;
			}
			pack.push(piece);
			bytes += piece.length;
		}
	if (pack.length > 0) yield pack;
}

function* readablePieces(
	update: Uint8Array,
	passOver: (update: Uint8Array, error: unknown) => void,
): Generator<Uint8Array | undefined, void> {
	try {
		yield* piecesOf(update, appliedLimits);
	} catch (error) {
		passOver(update, error);
	}
}

/** What someone with this state vector lacks, as updates of bounded size, in their order. */
export async function piecesInSlices(doc: Y.Doc, stateVector?: Uint8Array): Promise<Uint8Array[]> {
	return splitInSlices(await inSlices(encodingState(doc, stateVector)));
}

/** An update as updates of bounded size, in their order. */
export async function splitInSlices(update: Uint8Array): Promise<Uint8Array[]> {
	const pieces: Uint8Array[] = [];
	await eachInSlices(piecesOf(update, madeLimits), (piece) => {
		if (piece) pieces.push(piece);
	});
	return pieces;
}

/** Does something with each of many, with pauses. */
export function eachInSlices<T>(values: Iterable<T>, act: (value: T) => void): Promise<void> {
	return inSlices(doing(values, act));
}

function* doing<T>(values: Iterable<T>, act: (value: T) => void): Generator<undefined, void> {
	for (const value of values) {
		act(value);
		yield;
	}
}

/** A change as what may be sent at once. */
export function splitToSend(update: Uint8Array): readonly Uint8Array[] {
	return update.length > sentLimits.bytes ? splitUpdate(update) : [update];
}

/**
 * Lets the page draw, hear keys and do everything else that waits. Not `scheduler.yield`: what goes on after
 * that comes before timers and IndexedDB, and these would wait for the last slice.
 */
export function pause(): Promise<void> {
	return new Promise((resolve) => {
		pausing.push(resolve);
		bell.port2.postMessage(null);
	});
}

/** One for all: thousands of channels would be thousands of things for the browser to collect. */
const bell = new MessageChannel();
const pausing: (() => void)[] = [];
bell.port1.onmessage = () => pausing.shift()?.();
