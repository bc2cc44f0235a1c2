import * as Y from 'yjs';
import type { DocumentName } from '#shared/wire/document-name.ts';
import { leastWriterBeside, type LeastWriters } from '#shared/wire/document-version.ts';
import { hasPending } from '../../log/compact-document.ts';
import { inspectUpdate, type GateVerdict } from '../gate/inspect-update.ts';
import { limits } from '../gate/limits.ts';
import { applyUpdate } from '../gate/update-decoder.ts';
import type { DocumentSize } from './document-size.ts';
import { observeEntries, type FreshEntry } from './entries.ts';
import type { Owners } from './owners.ts';
import type { Writer, WriteVerdict } from './writer.ts';

type Passed = Extract<GateVerdict, { kind: 'ok' }>;

/** What was applied in one go: stored and told as one. */
export interface Change {
	readonly user: string;
	/** The Yjs client id that its first new item was written with; null where it only deletes. */
	readonly client: number | null;
	/** All of it, as one update. */
	readonly data: Uint8Array;
	/** Where the clocks stood that it moved. */
	readonly clocks: ReadonlyMap<number, number>;
	readonly entries: readonly FreshEntry[];
	/** Client ids that it uses for the first time, as the user's own; and as somebody's whom nobody knows. */
	readonly claims: readonly number[];
	readonly recovered: readonly number[];
	/** The least version of a client that may write from now on. */
	readonly leastWriter: number;
}

interface ChangesOptions {
	readonly path: string;
	readonly name: DocumentName;
	readonly yjs: Y.Doc;
	readonly owners: Owners;
	readonly size: DocumentSize;
	readonly leastWriter: number;
	readonly leastWriters: LeastWriters;
	/** Called with every change, in the turn in which it was applied. */
	readonly made: (change: Change) => void;
	/** What is in memory is not what the disk will ever have. */
	readonly failed: (error: Error) => void;
}

/** How what users write comes into a document in memory: past the gate, and as changes. */
export class Changes {
	readonly #options: ChangesOptions;
	/** The least version of a client that may write. */
	#leastWriter: number;
	/** What the last change was made of, and did. */
	#passed: Passed[] = [];
	#effect: Pick<Change, 'data' | 'clocks'> | undefined;
	#entries: FreshEntry[] = [];
	/** How many items were looked at and deleted in this turn. */
	#workOfTurn = 0;

	constructor(options: ChangesOptions) {
		const { yjs, name, owners } = options;
		this.#options = options;
		this.#leastWriter = options.leastWriter;
		yjs.on('update', (data: Uint8Array, _origin, _document, { beforeState, afterState }) => {
			const moved = [...afterState.keys()].filter(
				(client) => afterState.get(client) !== beforeState.get(client),
			);
			const clocks = new Map(moved.map((client) => [client, beforeState.get(client) ?? 0]));
			this.#effect = { data, clocks };
		});
		observeEntries(yjs, name.part, owners.byClient, (entry) => this.#entries.push(entry));
	}

	/**
	 * What the gate says of an update; `changeBegan` where it is to be a part of a change that began there. What
	 * would be too much for this turn, together with what came before it, is left to be judged aside (S13).
	 */
	judge(
		update: Uint8Array,
		{ user, ownClients }: Writer,
		changeBegan?: ReadonlyMap<number, number>,
	): GateVerdict {
		const { yjs, name, owners } = this.#options;
		const verdict = inspectUpdate(update, {
			document: yjs,
			part: name.part,
			user,
			owners: owners.byClient,
			ownClients,
			mayCopy: false,
			changeBegan,
		});
		return verdict.kind === 'ok' && !this.#fitsThisTurn(verdict.work) ? { kind: 'copy' } : verdict;
	}

	#fitsThisTurn(work: number): boolean {
		if (work === 0) return true;
		if (this.#workOfTurn === 0) setImmediate(() => (this.#workOfTurn = 0));
		this.#workOfTurn += work;
		return this.#workOfTurn <= limits.mainThreadItems;
	}

	/** Applies an update that passed as a change of its own, or says what became of one that did not. */
	take(update: Uint8Array, from: Writer, verdict: WriteVerdict): WriteVerdict {
		return this.#change(from.user, () => this.#apply(update, from, verdict));
	}

	/**
	 * Takes small updates that came from a user in one go as one change. Answers the verdicts on the first of
	 * them: up to one that was not taken, or before one that wants to be judged aside, or takes away what the
	 * change brought: every step is kept (S14).
	 */
	takeTogether(updates: readonly Uint8Array[], from: Writer): WriteVerdict[] {
		const verdicts: WriteVerdict[] = [];
		this.#change(from.user, ({ beforeState }) => {
			let bytes = 0;
			for (const update of updates) {
				bytes += update.length;
				if (bytes > limits.mainThreadBytes || this.#options.size.mayBeFull(bytes)) return;
				const verdict = this.judge(update, from, beforeState);
				if (verdict.kind === 'copy' || (verdict.kind === 'ok' && verdict.undoesChange)) return;
				const taken = this.#apply(update, from, verdict);
				verdicts.push(taken);
				if (taken.kind !== 'ok' && taken.kind !== 'known') return;
			}
		});
		return verdicts;
	}

	/** Applies what passed, within a change. */
	#apply(update: Uint8Array, from: Writer, verdict: WriteVerdict): WriteVerdict {
		const { yjs, owners, leastWriters } = this.#options;
		const { user, version, mayWrite } = from;
		// Whatever else is wrong with it may be because the client is old.
		if (verdict.kind !== 'known' && version < this.#leastWriter) return { kind: 'outdated' };
		if (verdict.kind !== 'ok') return verdict;
		if (!mayWrite()) return { kind: 'refuse', refusal: 'notAllowed' };
		owners.claim(verdict, user);
		this.#leastWriter = Math.max(this.#leastWriter, leastWriterBeside(version, leastWriters));
		applyUpdate(yjs, update);
		if (hasPending(yjs)) return { kind: 'refuse', refusal: 'malformed' };
		this.#passed.push(verdict);
		return verdict;
	}

	/** Everything that is applied meanwhile is one change. */
	#change<T>(user: string, apply: (transaction: Y.Transaction) => T): T {
		const { path, yjs, made, failed } = this.#options;
		this.#effect = undefined;
		this.#entries = [];
		this.#passed = [];
		try {
			const result = yjs.transact(apply);
			// The gate let through what Yjs could not place: a bug. The disk does not have it; start again from there.
			if (hasPending(yjs)) failed(new Error(`${path}: an inspected update left something pending`));
			else if (this.#effect) made(this.#changeOf(user, this.#effect));
			return result;
		} catch (error) {
			failed(error as Error); // a bug, halfway through
			throw error;
		}
	}

	#changeOf(user: string, effect: Pick<Change, 'data' | 'clocks'>): Change {
		const passed = this.#passed;
		return {
			...effect,
			user,
			client: passed.find(({ client }) => client !== null)?.client ?? null,
			entries: this.#entries,
			claims: passed.flatMap(({ claims }) => claims),
			recovered: passed.flatMap(({ recovered }) => recovered),
			leastWriter: this.#leastWriter,
		};
	}
}
