import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

const structsAtOnce = 100;

/** Structs of one client that follow each other, encoded (v1). */
interface Block {
	readonly client: number;
	readonly clock: number;
	structs: number;
	readonly bytes: Uint8Array[];
}

/** What was deleted of one client. */
export interface DeletedRange {
	readonly clock: number;
	endClock: number;
}

/**
 * What someone with this state vector lacks of a document, as one update (v1): what Y.encodeStateAsUpdate
 * gives, bit by bit, for who does something else in between. It holds everything that was in the document
 * at the first step; of what is written between the steps it may hold some.
 */
export function* encodingState(
	document: Y.Doc,
	stateVector: Uint8Array = Uint8Array.of(0),
): Generator<undefined, Uint8Array> {
	const known = Y.decodeStateVector(stateVector);
	const ends = Y.decodeStateVector(Y.encodeStateVector(document));
	const blocks: Block[] = [];
	const deleted = new Map<number, readonly DeletedRange[]>();
	// Higher clients first, as Yjs has them.
	for (const [client, end] of [...ends].sort(([one], [other]) => other - one)) {
		const clock = known.get(client) ?? 0;
		if (clock < end) blocks.push(yield* encodingBlock(document, client, clock, end));
		const ranges = yield* findingDeleted(document, client, end);
		if (ranges.length > 0) deleted.set(client, ranges);
	}
	return updateOf(blocks, deleted);
}

/** An update (v1) of these structs, higher clients first, and deletions. */
export function updateOf(
	blocks: readonly Block[],
	deleted: ReadonlyMap<number, readonly DeletedRange[]>,
): Uint8Array {
	return joined([
		varUints([blocks.length]),
		...blocks.flatMap(({ client, clock, structs, bytes }) => [
			varUints([structs, client, clock]),
			...bytes,
		]),
		varUints([deleted.size]),
		...[...deleted].flatMap(([client, ranges]) => [
			varUints([client, ranges.length]),
			varUints(ranges.flatMap(({ clock, endClock }) => [clock, endClock - clock])),
		]),
	]);
}

function varUints(numbers: readonly number[]): Uint8Array {
	return encoding.encode((out) => {
		for (const number of numbers) encoding.writeVarUint(out, number);
	});
}

/** Copies everything once: an encoder that grows copies it again at each doubling. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

/** Encodes what a client wrote between two clocks. Between the steps structs are merged and cut; clocks stay. */
export function* encodingBlock(
	document: Y.Doc,
	client: number,
	from: number,
	end: number,
): Generator<undefined, Block> {
	const block: Block = { client, clock: from, structs: 0, bytes: [] };
	let clock = from;
	for (const structs of structsBetween(document, client, from, end)) {
		const out = new Y.UpdateEncoderV1();
		for (const struct of structs) {
			struct.write(out, clock - struct.id.clock);
			clock = struct.id.clock + struct.length;
			block.structs++;
		}
		block.bytes.push(out.toUint8Array());
		yield;
	}
	return block;
}

/** Everything that a client wrote between two clocks, some at a time: the first and the last may reach beyond. */
export function* structsBetween(
	document: Y.Doc,
	client: number,
	from: number,
	end: number,
): Generator<readonly (Y.Item | Y.GC)[], void> {
	for (let clock = from; clock < end;) {
		const structs = structsFrom(document, client, clock, end);
		const last = structs.at(-1)!;
		// Before who takes them has a pause: what is merged into the last one meanwhile was not in these.
		clock = last.id.clock + last.length;
		yield structs;
	}
}

function* findingDeleted(
	document: Y.Doc,
	client: number,
	end: number,
): Generator<undefined, DeletedRange[]> {
	const ranges: DeletedRange[] = [];
	let clock = 0;
	for (const structs of structsBetween(document, client, 0, end)) {
		for (const struct of structs) {
			const endClock = Math.min(end, struct.id.clock + struct.length);
			const last = ranges.at(-1);
			if (struct.deleted && last?.endClock === clock) last.endClock = endClock;
			else if (struct.deleted) ranges.push({ clock, endClock });
			clock = endClock;
		}
		yield;
	}
	return ranges;
}

/** The next structs of a client; the first holds the clock. */
function structsFrom(document: Y.Doc, client: number, clock: number, end: number) {
	const structs = document.store.clients.get(client)!;
	const index = Y.findIndexSS(structs, clock);
	return structs.slice(index, index + structsAtOnce).filter(({ id }) => id.clock < end);
}
