import * as encoding from 'lib0/encoding';
import { DeletedRanges } from './deleted-ranges.ts';
import { StructScanner } from './struct-scanner.ts';

/** How much a piece may hold; one struct is never cut, however large it is. */
export interface PieceLimits {
	readonly bytes: number;
	readonly structs: number;
}

/** Applied within 10 ms on a slow machine. */
export const pieceLimits: PieceLimits = { bytes: 64 * 1024, structs: 2000 };

/**
 * The pieces of an update (v1): each one an update of bounded size that builds on nothing but what was
 * there before and the pieces before it. Applied in this order, with anything else in between, they leave
 * nothing pending and give the document that the whole gives. Deletions go with what they delete; those
 * of what the update does not bring come last. An update that says nothing has no pieces. Throws where the
 * bytes are no update.
 */
export function splitUpdate(update: Uint8Array, limits = pieceLimits): Uint8Array[] {
	return [...piecesOf(update, limits)].filter((piece) => piece !== undefined);
}

/** The same, for who does something else in between; undefined as long as the next piece is not ready. */
export function* piecesOf(
	update: Uint8Array,
	limits = pieceLimits,
): Generator<Uint8Array | undefined, void> {
	const { blocks, deleted } = yield* readingLayout(update, limits.structs);
	const piece = new Piece(update, limits, deleted);
	for (const block of inOrder(blocks)) {
		if (!piece.fits(block)) yield piece.take();
		piece.add(block);
		block.advance();
	}
	if (!piece.isEmpty) yield piece.take();
	yield* deleted.piecesOfRest(limits.structs);
}

/**
 * Answers again and again the block whose next struct finds everything it builds on in what was answered
 * before. Whoever takes it advances it.
 */
function* inOrder(blocks: ReadonlyMap<number, Block>): Generator<Block, void> {
	const ready = [...blocks.values()];
	const waiting = new Map<Block, Block[]>();
	let block: Block | undefined;
	while ((block = ready.pop())) {
		const before = block.clock;
		let missing: Block | undefined;
		while (!block.isDone && !(missing = block.missing(blocks))) yield block;
		if (missing) {
			const others = waiting.get(missing);
			if (others) others.push(block);
			else waiting.set(missing, [block]);
		}
		if (block.clock === before) continue;
		// Who waited for it looks again, and waits again where that was not enough.
		ready.push(...(waiting.get(block) ?? []));
		waiting.delete(block);
	}
	// What waits for each other in a circle no history makes, and Yjs could not place it as a whole either.
	for (const one of blocks.values()) while (!one.isDone) yield one;
}

/** What one client wrote of an update; at its next struct. */
class Block {
	readonly client: number;
	/** Where the clock of the client stands after all of it. */
	readonly endClock: number;
	/** The clock of the next struct, and where its bytes begin. */
	clock: number;
	start: number;
	readonly #scanner: StructScanner;
	#left: number;

	constructor(update: Uint8Array, at: BlockPlace) {
		this.client = at.client;
		this.clock = at.clock;
		this.endClock = at.endClock;
		this.start = at.start;
		this.#left = at.structs;
		this.#scanner = new StructScanner(update, at.start);
		this.#scanPastSkips();
	}

	get isDone(): boolean {
		return this.#left === 0;
	}

	get length(): number {
		return this.#scanner.length;
	}

	/** Where the bytes of the next struct end. */
	get end(): number {
		return this.#scanner.position;
	}

	advance(): void {
		this.clock += this.#scanner.length;
		this.#left--;
		this.#scanPastSkips();
	}

	/** The block that must go further before the next struct of this one may come. */
	missing(blocks: ReadonlyMap<number, Block>): Block | undefined {
		const { needs } = this.#scanner;
		for (let index = 0; index < needs.length; index += 2) {
			const other = blocks.get(needs[index]!);
			const clock = needs[index + 1]!;
			if (
				other &&
				other !== this &&
				clock >= other.clock &&
				clock < other.endClock &&
				!other.isDone
			)
				return other;
		}
		return undefined;
	}

	#scanPastSkips(): void {
		for (; this.#left > 0; this.#left--) {
			this.start = this.#scanner.position;
			this.#scanner.read();
			if (!this.#scanner.isSkip) return;
			this.clock += this.#scanner.length;
		}
	}
}

/** What a piece holds of one client: structs that follow each other. */
interface Run {
	readonly clock: number;
	endClock: number;
	structs: number;
	readonly bytes: { readonly start: number; end: number }[];
}

class Piece {
	readonly #update: Uint8Array;
	readonly #limits: PieceLimits;
	readonly #deleted: DeletedRanges;
	#runs = new Map<number, Run>();
	#bytes = 0;
	#structs = 0;

	constructor(update: Uint8Array, limits: PieceLimits, deleted: DeletedRanges) {
		this.#update = update;
		this.#limits = limits;
		this.#deleted = deleted;
	}

	get isEmpty(): boolean {
		return this.#structs === 0;
	}

	/** False where the next struct would make it too large, or come behind a hole. */
	fits({ client, clock, start, end }: Block): boolean {
		if (this.isEmpty) return true;
		if (this.#structs >= this.#limits.structs) return false;
		if (this.#bytes + end - start > this.#limits.bytes) return false;
		return (this.#runs.get(client)?.endClock ?? clock) === clock;
	}

	add({ client, clock, length, start, end }: Block): void {
		const run = this.#runs.get(client) ?? { clock, endClock: clock, structs: 0, bytes: [] };
		this.#runs.set(client, run);
		run.endClock += length;
		run.structs++;
		const last = run.bytes.at(-1);
		if (last?.end === start) last.end = end;
		else run.bytes.push({ start, end });
		this.#structs++;
		this.#bytes += end - start;
	}

	/** What was added as an update; it is empty then. */
	take(): Uint8Array {
		const piece = encoding.encode((out) => {
			encoding.writeVarUint(out, this.#runs.size);
			for (const [client, { structs, clock, bytes }] of this.#runs) {
				encoding.writeVarUint(out, structs);
				encoding.writeVarUint(out, client);
				encoding.writeVarUint(out, clock);
				for (const { start, end } of bytes)
					encoding.writeUint8Array(out, this.#update.subarray(start, end));
			}
			this.#deleted.writeWithin(out, this.#runs);
		});
		this.#runs = new Map();
		this.#bytes = 0;
		this.#structs = 0;
		return piece;
	}
}

interface BlockPlace {
	readonly client: number;
	readonly structs: number;
	readonly clock: number;
	readonly endClock: number;
	readonly start: number;
}

interface Layout {
	readonly blocks: ReadonlyMap<number, Block>;
	readonly deleted: DeletedRanges;
}

/** Where the blocks of an update begin, and what it deletes; so many structs are read at once. */
function* readingLayout(update: Uint8Array, structsAtOnce: number): Generator<undefined, Layout> {
	const scanner = new StructScanner(update);
	const blocks = new Map<number, Block>();
	for (let left = scanner.readNumber(); left > 0; left--) {
		const structs = scanner.readNumber();
		const client = scanner.readNumber();
		const clock = scanner.readNumber();
		const start = scanner.position;
		let endClock = clock;
		for (let index = 0; index < structs; index++) {
			scanner.read();
			endClock += scanner.length;
			if (index % structsAtOnce === structsAtOnce - 1) yield;
		}
		if (blocks.has(client)) throw new Error('an update holds a client twice');
		blocks.set(client, new Block(update, { client, structs, clock, endClock, start }));
	}
	return { blocks, deleted: DeletedRanges.read(scanner) };
}
