import { expiredPieces, unpackUpdates, type ArchivePiece } from './archive-piece.ts';
import { joinAuthors, type AuthorRange } from './authors.ts';
import { moveBase, type FoldedDocument } from './fold-document.ts';
import { UnreadableDocument, type StoredHistory } from './update-log.ts';

interface Base {
	readonly seq: number;
	readonly at: number;
	readonly data?: Uint8Array;
}

/** The past of one document in memory: what log/sqlite/history-rows.ts keeps in tables. */
export class MemoryPast {
	pieces: ArchivePiece[] = [];
	#base: Base = { seq: 0, at: 0 };
	#authors: AuthorRange[] = [];

	/** Keeps what a fold leaves; `before` is the snapshot it was made from. */
	keep({ pieces, authors }: Pick<FoldedDocument, 'pieces' | 'authors'>, before: Base): void {
		for (const range of authors) this.#keepAuthor(range);
		if (!pieces) return this.forget();
		if (this.pieces.length === 0) this.#base = before;
		this.pieces.push(...pieces);
	}

	#keepAuthor(range: AuthorRange): void {
		const place = this.#authors.findLastIndex(({ client }) => client === range.client);
		const joined = joinAuthors(this.#authors[place], range);
		if (joined?.kind === 'longer') this.#authors[place] = joined.range;
		if (joined?.kind === 'another') this.#authors.push(joined.range);
	}

	/** What is kept before the snapshot; `snapshot` stands in where nothing else is. Throws UnreadableDocument. */
	read(
		name: string,
		snapshot: Base,
	): Pick<StoredHistory, 'base' | 'baseSeq' | 'baseAt' | 'archive' | 'authors'> {
		for (const piece of this.pieces) unpackSound(name, piece);
		const { seq, at, data } = this.pieces.length > 0 ? this.#base : snapshot;
		return {
			...(data && { base: data }),
			baseSeq: seq,
			baseAt: at,
			archive: [...this.pieces],
			authors: [...this.#authors],
		};
	}

	/**
	 * Folds what is older than a time into the base; false where nothing is. `commit` does what is written, or
	 * throws. Throws UnreadableDocument.
	 */
	expire(name: string, before: number, commit: (work: () => void) => void): boolean {
		const count = expiredPieces(this.pieces, before);
		if (count === 0) return false;
		const gone = this.pieces.slice(0, count);
		for (const piece of gone) unpackSound(name, piece);
		const { upTo: seq, at } = gone.at(-1)!;
		const data = moveBase(name, this.#base.data, gone);
		commit(() => {
			this.pieces = this.pieces.slice(count);
			this.#base = { seq, at, data };
		});
		return true;
	}

	forget(): void {
		this.pieces = [];
		this.#base = { seq: 0, at: 0 };
	}
}

function unpackSound(name: string, piece: ArchivePiece): void {
	try {
		unpackUpdates(piece);
	} catch (cause) {
		throw new UnreadableDocument(name, 'its history is damaged', { cause });
	}
}
