import type * as Y from 'yjs';
import type { VerdictValue } from '#shared/corpus/submission.ts';
import { parseVerdictKey, verdictKey } from '#shared/wire/document-shape.ts';
import { KeyedSignals } from './keyed-signals.svelte.ts';
import { MapIndex } from './map-index.ts';
import type { DocumentHandle } from '../open-document.svelte.ts';
import { timeNow } from './submissions.ts';

/** One reviewer's word on one submission. */
export interface VerdictEntry extends VerdictValue {
	readonly item: string;
	readonly submission: string;
	readonly user: string;
}

interface NewVerdict extends Pick<VerdictEntry, 'item' | 'submission' | 'user' | 'kind'> {
	readonly note?: string | undefined;
	/** One time for what is decided together, so that of two decisions one is the later as a whole. */
	readonly at?: string;
}

/** What reviewers said in a batch: the verdicts document by its meaning. */
export class Verdicts {
	readonly #handle: DocumentHandle;
	readonly #signals = new KeyedSignals();
	#bound: { readonly doc: Y.Doc; readonly bySubmission: MapIndex<VerdictValue> } | undefined;

	constructor(handle: DocumentHandle) {
		this.#handle = handle;
	}

	/** The verdicts on a submission, newest first. */
	of(submission: string): VerdictEntry[] {
		const index = this.#bind();
		this.#signals.read(submission);
		const entries = [...index.keysOf(submission)].flatMap((key) => {
			const value = index.map.get(key);
			const name = parseVerdictKey(key);
			return value && name ? [{ ...name, ...value }] : [];
		});
		return entries.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
	}

	/**
	 * Says a reviewer's word on a submission; their earlier word on it is replaced. It is later than the words
	 * that are here: whose clock is behind, or answers one whose clock is ahead, would say it in vain.
	 */
	set({ item, submission, user, kind, note, at: saidAt = timeNow() }: NewVerdict): void {
		const index = this.#bind();
		const at = laterThan(this.of(submission), saidAt);
		const value: VerdictValue = { kind, at, ...(note ? { note } : {}) };
		this.#handle.transact(() => index.set(verdictKey(item, submission, user), value));
	}

	close(): void {
		this.#bound?.bySubmission.close();
		this.#bound = undefined;
	}

	#bind(): MapIndex<VerdictValue> {
		const { doc } = this.#handle;
		if (this.#bound?.doc === doc) return this.#bound.bySubmission;
		this.close();
		const bySubmission = new MapIndex(
			doc.getMap<VerdictValue>('verdict'),
			(key) => parseVerdictKey(key)?.submission,
			(groups, isLocal) => this.#signals.announceChange(groups, isLocal),
		);
		this.#bound = { doc, bySubmission };
		return bySubmission;
	}
}

/** The time, or the one after the last of these where that is later. */
export function laterThan(words: readonly { readonly at: string }[], time: string): string {
	const lastMs = Math.max(...words.map(({ at }) => Date.parse(at) || 0));
	return lastMs < Date.parse(time) ? time : new Date(lastMs + 1).toISOString();
}
