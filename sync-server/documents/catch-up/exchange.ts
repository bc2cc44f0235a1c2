import * as Y from 'yjs';
import { refusals, type Refusal } from '#shared/wire/close-codes.ts';
import type { CatchUpAsk, CatchUpReply } from '#shared/wire/catch-up.ts';
import { formatCursor, parseCursor, type Cursor } from '#shared/wire/cursor.ts';
import { parseDocumentName, type DocumentName } from '#shared/wire/document-name.ts';
import { packUpdates } from '#shared/wire/pack-updates.ts';
import type { SinceAnswer, SinceQuestion } from '../../log/update-log.ts';
import type { Counters } from '../counters.ts';
import type { Standing } from '../directory.ts';
import { FewAtOnce } from '../few-at-once.ts';
import type { OpenDocument } from '../document/open-document.ts';
import { isStateVector } from '../gate/state-vector.ts';

/** Beyond this an answer takes no more documents; the last one may go over it. */
const answerBytes = 4 * 1024 * 1024;
/** Documents of one request that are opened at once. */
const openAtOnce = 8;

/** What an exchange needs from the documents. */
export interface ExchangeHost {
	readonly counters: Counters;
	find(user: string, name: DocumentName): Promise<Standing | undefined>;
	sinceEach(
		questions: readonly SinceQuestion[],
		limitBytes: number,
	): Promise<readonly SinceAnswer[]>;
	/** Opens a document and keeps it in memory while the work goes on. */
	use<T>(
		path: string,
		name: DocumentName,
		work: (document: OpenDocument) => Promise<T>,
	): Promise<T>;
	/** Resolves when the next bit of long work may be done. */
	nextTurn(): Promise<void>;
	quarantine(refused: { document: string; user: string; reason: string; data: Uint8Array }): void;
	failed(error: unknown, what: string): void;
}

/** One document of a request, for as long as that takes. */
export class Visit {
	readonly user: string;
	readonly credential: string;
	/** Of what the client writes (shared/wire/document-version.ts). */
	readonly version: number;
	readonly ask: CatchUpAsk;
	/** Undefined for what is no name of a document. */
	readonly name: DocumentName | undefined;
	/** Rights changed since it began: what was found out may not hold (S7). */
	isStale = false;
	#standing: Standing | undefined;

	constructor(who: Pick<Visit, 'user' | 'credential' | 'version'>, ask: CatchUpAsk) {
		this.user = who.user;
		this.credential = who.credential;
		this.version = who.version;
		this.ask = ask;
		this.name = parseDocumentName(ask.name);
	}

	async askRights(host: ExchangeHost): Promise<void> {
		this.#standing = this.name && (await host.find(this.user, this.name));
	}

	get mayRead(): boolean {
		return this.#standing !== undefined && this.#standing.access !== 'none';
	}

	/** Asked again when it is applied: an update may have waited for its verdict. */
	get mayWrite(): boolean {
		return this.#standing?.access === 'write' && !this.isStale;
	}

	/** How far the client says it is, where it sends nothing: then the log may know what it lacks. */
	get quietCursor(): Cursor | undefined {
		return this.ask.update.length === 0 ? parseCursor(this.ask.cursor) : undefined;
	}
}

type Reply = CatchUpReply extends infer R ? (R extends unknown ? Omit<R, 'name'> : never) : never;
const resync: Reply = { kind: 'resync' };
const missing: Reply = { kind: 'missing' };
const later: Reply = { kind: 'later' };
const unavailable: Reply = { kind: 'unavailable' };

/**
 * Brings many documents of one client up to date: by the same gate, the same rights and with the same
 * promises as over a socket each. What the log alone can tell is told without loading a document. Whatever
 * becomes of one document, the others are answered.
 */
export class Exchange {
	readonly #host: ExchangeHost;
	#leftBytes = answerBytes;

	constructor(host: ExchangeHost) {
		this.#host = host;
	}

	/** The reply to each visit, in their order. */
	async answer(visits: readonly Visit[]): Promise<CatchUpReply[]> {
		await Promise.all(visits.map((visit) => visit.askRights(this.#host)));
		const known = await this.#askLog(visits.filter((visit) => visit.mayRead && visit.quietCursor));
		const few = new FewAtOnce(openAtOnce);
		const replies = visits.map(async (visit) => {
			const reply = known.get(visit) ?? (await few.run(() => this.#open(visit)));
			return { name: visit.ask.name, ...(visit.isStale ? later : reply) };
		});
		return Promise.all(replies);
	}

	/** What the log can tell without a document. */
	async #askLog(visits: readonly Visit[]): Promise<ReadonlyMap<Visit, Reply>> {
		if (visits.length === 0) return new Map();
		const questions = visits.map((visit) => ({
			document: visit.ask.name,
			cursor: visit.quietCursor!,
		}));
		const answers = await this.#host.sinceEach(questions, this.#leftBytes);
		const replies = new Map<Visit, Reply>();
		for (const [index, visit] of visits.entries()) {
			const reply = this.#fromLog(visit, answers[index]!);
			if (reply) replies.set(visit, reply);
		}
		return replies;
	}

	#fromLog(visit: Visit, answer: SinceAnswer): Reply | undefined {
		switch (answer.kind) {
			case 'since': {
				this.#host.counters.answeredFromLog++;
				const { updates, cursor } = answer;
				for (const { length } of updates) this.#leftBytes -= length;
				return level(packUpdates(updates), cursor);
			}
			case 'unreadable':
				this.#host.failed(new Error('its bytes are damaged'), `${visit.ask.name} cannot be read`);
				return unavailable;
			case 'later':
				return later;
			case 'unknown':
				return undefined;
		}
	}

	async #open(visit: Visit): Promise<Reply> {
		const { name, ask } = visit;
		if (!name || !visit.mayRead) return missing;
		if (this.#leftBytes <= 0) return later;
		const saysWhatItHas = ask.stateVector.length > 0;
		if (saysWhatItHas && !isStateVector(ask.stateVector))
			return this.#refuse(visit, 'malformed', ask.stateVector);
		try {
			return await this.#host.use(ask.name, name, (document) => this.#meet(visit, document));
		} catch (error) {
			// S3: what cannot be read is not served empty; waiting may mend it.
			this.#host.failed(error, `${ask.name} could not be brought up to date`);
			return unavailable;
		}
	}

	async #meet(visit: Visit, document: OpenDocument): Promise<Reply> {
		const { stateVector, update } = visit.ask;
		// S13: what is large is taken and told piece by piece, which takes a socket.
		if (document.isLarge) return resync;
		if (update.length > 0) {
			const { user, version } = visit;
			const writer = { user, version, mayWrite: () => visit.mayWrite };
			// What is kept must not be part of the request's body.
			const verdict = await document.write(update.slice(), writer);
			if (verdict.kind === 'refuse')
				return visit.isStale ? later : this.#refuse(visit, verdict.refusal, update);
			// S12: the client keeps what it sent, and so it is not kept here.
			if (verdict.kind === 'outdated') return { kind: 'refused', ...refusals.outdated };
			if (verdict.kind === 'resync') {
				this.#host.counters.resyncs++;
				return resync;
			}
		}
		// S13: a request asks for a hundred of them.
		await this.#host.nextTurn();
		// It holds what the server lost: over a socket that is brought back.
		if (isAhead(stateVector, document.stateVector())) return resync;
		if (this.#leftBytes <= 0) return later;
		const lacking = document.difference(stateVector.length > 0 ? stateVector : holdsNothing);
		this.#leftBytes -= lacking.length;
		// S1: told once it is on disk, whether it came now or was known already.
		const cursor = await document.cursorOnDisk();
		return cursor ? level([lacking], cursor) : unavailable;
	}

	/** S5: refused with a reason, kept aside, and nobody else notices. */
	#refuse(visit: Visit, refusal: Refusal, data: Uint8Array): Reply {
		const { user, ask } = visit;
		this.#host.counters.refused++;
		this.#host.quarantine({ document: ask.name, user, reason: refusal, data });
		return { kind: 'refused', ...refusals[refusal] };
	}
}

function level(updates: readonly Uint8Array[], cursor: Cursor): Reply {
	return { kind: 'level', updates, cursor: formatCursor(cursor) };
}

const holdsNothing = Uint8Array.of(0);

/** True where a client has something that the document has not. */
function isAhead(client: Uint8Array, document: Uint8Array): boolean {
	if (client.length === 0) return false;
	const known = Y.decodeStateVector(document);
	return [...Y.decodeStateVector(client)].some(([id, clock]) => clock > (known.get(id) ?? 0));
}
