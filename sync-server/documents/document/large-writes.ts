import type { AsideJob, GateAside } from '../gate/gate-aside.ts';
import type { AsideVerdict } from '../gate/gate-thread.ts';
import type { GateVerdict, JudgedEntry } from '../gate/inspect-update.ts';
import { limits } from '../gate/limits.ts';
import type { Turns } from '../turns.ts';
import type { Writer, WriteVerdict } from './writer.ts';

type Passed = Extract<GateVerdict, { kind: 'ok' }>;

/** So often is a verdict asked for again when others changed what it hung on. */
const tries = 3;

/** The document that is written. */
export interface LargeWritesHost {
	isClosed(): boolean;
	/** What an update is judged against. */
	job(update: Uint8Array, from: Writer): AsideJob;
	/** Somebody found out how large it is with the update in it. */
	measured(bytes: number): void;
	/** True while what a verdict hangs on stands. */
	stillHolds(verdict: Passed, user: string): boolean;
	/** The same entries as they are now. */
	entriesNow(entries: readonly JudgedEntry[]): readonly JudgedEntry[];
	/** Applies a piece that passed, or says what became of what did not. */
	take(piece: Uint8Array, from: Writer, verdict: WriteVerdict): WriteVerdict;
}

/** Takes updates that are too large for the main thread: judged aside, applied piece by piece (S13). */
export class LargeWrites {
	readonly #host: LargeWritesHost;
	readonly #aside: GateAside;
	readonly #turns: Turns;

	constructor(host: LargeWritesHost, { aside, turns }: { aside: GateAside; turns: Turns }) {
		this.#host = host;
		this.#aside = aside;
		this.#turns = turns;
	}

	/** Others write meanwhile: a verdict that hung on what they changed is asked for again. Rejects with GateBusy. */
	async write(update: Uint8Array, from: Writer): Promise<WriteVerdict> {
		const host = this.#host;
		for (let tried = 0; tried < tries && !host.isClosed(); tried++) {
			const verdict = await this.#aside.inspect(host.job(update, from));
			if (verdict.kind === 'copy' || host.isClosed()) continue;
			if (verdict.kind !== 'ok') return host.take(update, from, verdict);
			const taken = await this.#takeByPieces(verdict, from);
			if (taken) return taken;
		}
		return host.take(update, from, { kind: 'resync' });
	}

	/**
	 * Applies what was judged, each piece in a turn of its own; others write in between. Each piece is an
	 * update that holds by itself, and nothing is acknowledged before the last. Undefined where what the
	 * verdict hung on has changed: then the whole is judged again, with what was taken in it known.
	 */
	async #takeByPieces(
		verdict: Extract<AsideVerdict, { kind: 'ok' }>,
		from: Writer,
	): Promise<WriteVerdict | undefined> {
		const host = this.#host;
		if (verdict.documentBytes !== undefined) {
			if (verdict.documentBytes > limits.documentBytes) return { kind: 'refuse', refusal: 'limit' };
			host.measured(verdict.documentBytes);
		}
		let holding: Passed = verdict;
		for (const [index, piece] of verdict.pieces.entries()) {
			if (index > 0) await this.#turns.next();
			if (host.isClosed() || !host.stillHolds(holding, from.user)) return undefined;
			const taken = host.take(piece, from, verdict);
			if (taken.kind !== 'ok') return taken;
			holding = { ...verdict, entries: host.entriesNow(verdict.entries) };
		}
		return verdict;
	}
}
