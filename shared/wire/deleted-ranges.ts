import * as encoding from 'lib0/encoding';
import type { StructScanner } from './struct-scanner.ts';

/** Clocks that one piece deletes, at most: a long range may name many items. */
const clocksEach = 10_000;

interface Range {
	readonly clock: number;
	readonly length: number;
}

/**
 * The ranges that an update deletes, handed out bit by bit.
 *
 *     deletes := varUint(clients) • (varUint(client) • varUint(ranges) • (varUint(clock) • varUint(length))*)*
 */
export class DeletedRanges {
	/** By client, in the order of their clocks. */
	readonly #ranges: ReadonlyMap<number, Range[]>;
	/** What was passed over: nothing that was handed out so far brings what they delete. */
	readonly #passed = new Map<number, Range[]>();

	private constructor(ranges: ReadonlyMap<number, Range[]>) {
		this.#ranges = ranges;
	}

	/** Reads them where the structs of an update end. */
	static read(input: StructScanner): DeletedRanges {
		const ranges = new Map<number, Range[]>();
		for (let left = input.readNumber(); left > 0; left--) {
			const client = input.readNumber();
			const ofClient = ranges.get(client) ?? [];
			ranges.set(client, ofClient);
			for (let count = input.readNumber(); count > 0; count--)
				ofClient.push({ clock: input.readNumber(), length: input.readNumber() });
		}
		// The first comes last: it is taken first.
		for (const ofClient of ranges.values()) ofClient.sort((one, other) => other.clock - one.clock);
		return new DeletedRanges(ranges);
	}

	/** Writes what is deleted within the clocks of some clients; those of one client come in their order. */
	writeWithin(
		out: encoding.Encoder,
		runs: ReadonlyMap<number, { readonly clock: number; readonly endClock: number }>,
	): void {
		const within = new Map<number, Range[]>();
		for (const [client, run] of runs) {
			const found = this.#takeWithin(client, run);
			if (found.length > 0) within.set(client, found);
		}
		write(out, within);
	}

	#takeWithin(
		client: number,
		{ clock: from, endClock: to }: { readonly clock: number; readonly endClock: number },
	): Range[] {
		const left = this.#ranges.get(client) ?? [];
		const found: Range[] = [];
		let range: Range | undefined;
		while ((range = left.at(-1)) && range.clock < to) {
			left.pop();
			const end = range.clock + range.length;
			if (range.clock < from)
				add(this.#passed, client, {
					clock: range.clock,
					length: Math.min(end, from) - range.clock,
				});
			const start = Math.max(range.clock, from);
			if (start < end) found.push({ clock: start, length: Math.min(end, to) - start });
			if (end > to) left.push({ clock: to, length: end - to });
		}
		return found;
	}

	/** Everything that was not handed out, as updates that only delete. */
	*piecesOfRest(rangesEach: number): Generator<Uint8Array, void> {
		let piece = new Map<number, Range[]>();
		let ranges = 0;
		let clocks = 0;
		for (const [client, range] of this.#rest()) {
			add(piece, client, range);
			ranges++;
			clocks += range.length;
			if (ranges < rangesEach && clocks < clocksEach) continue;
			yield deleting(piece);
			piece = new Map();
			ranges = 0;
			clocks = 0;
		}
		if (ranges > 0) yield deleting(piece);
	}

	*#rest(): Generator<readonly [number, Range], void> {
		for (const rest of [this.#passed, this.#ranges])
			for (const [client, ranges] of rest)
				for (const { clock, length } of ranges)
					for (let at = 0; at < length; at += clocksEach)
						yield [client, { clock: clock + at, length: Math.min(clocksEach, length - at) }];
	}
}

function add(ranges: Map<number, Range[]>, client: number, range: Range): void {
	const ofClient = ranges.get(client);
	if (ofClient) ofClient.push(range);
	else ranges.set(client, [range]);
}

function deleting(ranges: ReadonlyMap<number, readonly Range[]>): Uint8Array {
	return encoding.encode((out) => {
		encoding.writeVarUint(out, 0);
		write(out, ranges);
	});
}

function write(out: encoding.Encoder, ranges: ReadonlyMap<number, readonly Range[]>): void {
	encoding.writeVarUint(out, ranges.size);
	for (const [client, ofClient] of ranges) {
		encoding.writeVarUint(out, client);
		encoding.writeVarUint(out, ofClient.length);
		for (const { clock, length } of ofClient) {
			encoding.writeVarUint(out, clock);
			encoding.writeVarUint(out, length);
		}
	}
}
