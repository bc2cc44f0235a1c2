import { catchUpLimits, type CatchUpReply } from '#shared/wire/catch-up.ts';
import { refusals } from '#shared/wire/close-codes.ts';
import { ApiError, Offline } from '#app/net/api.ts';
import { Bell } from '#app/net/bell.ts';
import { fullJitterMs } from '#app/net/jitter.ts';
import type { Block, DocumentRow, Refused } from '#app/replica/database.ts';
import { changedSince, exchange, type CatchUpDoor } from './catch-up-door.ts';
import { foldAfterRows, foldWhenIdle } from '../device/compaction.ts';
import type { Documents } from '../documents.ts';
import { keepLevel, readQuiet, type QuietDocument } from './quiet-document.ts';

export interface CatchUpOptions extends CatchUpDoor {
	readonly documents: Documents;
	/** Of what this app writes (shared/wire/document-version.ts). */
	readonly version: number;
	readonly random?: () => number;
	/** A socket brings it up to date, or will. */
	readonly isBySocket: (name: string) => boolean;
	/** Only a socket can bring it up to date. */
	readonly onSocket: (name: string) => void;
	/** This app is too old to write it. */
	readonly onOutdated: (name: string) => void;
	/** The server wants another sign-in. */
	readonly onSignedOut: () => void;
}

/** So much goes into one request: a minute of a slow network. */
const packBytes = 512 * 1024;
/** How often the device looks whether documents that nobody shows have changed. */
const lookMs = 5 * 60_000;
const cursorKey = 'documents-cursor';

/** The server got on with nothing of what it was asked: it is asked again after a while. */
class NoProgress extends Error {}

/**
 * Brings up to date the documents on this device that no page shows: sends what is unsent in them, a hundred
 * in one request, then fetches what changed in them. What is confirmed is exactly what was read and sent, so
 * an answer that got lost, or a tab that went in between, costs a repetition and nothing else.
 */
export class CatchUp {
	readonly #options: CatchUpOptions;
	readonly #bell = new Bell();
	#unsent: readonly string[] = [];
	#failures = 0;
	/** Not before this time, by `performance.now()`. */
	#restsUntil = 0;
	#looksAt = 0;
	#isSignedOut = false;

	constructor(options: CatchUpOptions) {
		this.#options = options;
	}

	/** What is unsent in documents that nobody shows, as far as is known now. */
	offer(unsent: readonly string[]): void {
		this.#unsent = unsent;
		if (unsent.length === 0) return;
		// What does not wait for a sign-in yet is to hear of it, or there was one.
		if (this.#isSignedOut) this.#restsUntil = 0;
		if (performance.now() >= this.#restsUntil) this.#bell.ring();
	}

	/**
	 * There is reason to believe that the server can be reached again: tries soon, though not at once, since
	 * whatever came back came back for everybody. Then it looks for changes, too.
	 */
	hurry(): void {
		this.#isSignedOut = false;
		this.#looksAt = 0;
		this.#restsUntil = performance.now() + this.#jitterMs(1);
		this.#bell.ring();
	}

	async run(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			await this.#try(signal);
			const now = performance.now();
			const dueAt = now < this.#restsUntil ? this.#restsUntil : this.#looksAt;
			await this.#bell.wait(Math.max(0, Math.min(dueAt - now, lookMs)), signal);
		}
	}

	async #try(signal: AbortSignal): Promise<void> {
		if (performance.now() < this.#restsUntil) return;
		try {
			await this.#exchangeAll(this.#unsent, 'unsent', signal);
			if (performance.now() >= this.#looksAt) await this.#look(signal);
			this.#failures = 0;
		} catch (error) {
			// What cannot even be noted, since this device's storage fails, is found out again at the next try.
			if (!signal.aborted) await this.#failed(error).catch(reportError);
		}
	}

	/** Looks which documents of this device changed on the server, and fetches them. */
	async #look(signal: AbortSignal): Promise<void> {
		const { settings } = this.#options.documents.replica;
		const row = await settings.get(cursorKey);
		let since = row?.value as string | undefined;
		for (let hasMore = true; hasMore;) {
			const page = await changedSince(this.#options, since, signal);
			if ('reset' in page) {
				since = undefined;
				continue;
			}
			const names = since === undefined ? await this.#kept() : await this.#behind(page.documents);
			await this.#exchangeAll(names, 'changed', signal);
			since = page.cursor;
			await settings.put({ key: cursorKey, value: since });
			hasMore = page.more;
		}
		this.#looksAt = performance.now() + lookMs;
	}

	/** Documents on this device: without a cursor each one is asked for. */
	async #kept(): Promise<string[]> {
		const rows = await this.#options.documents.replica.documents.toArray();
		return rows.filter(isFetched).map(({ document }) => document);
	}

	/** Those of the documents named that lie on this device and are not as far as the server. */
	async #behind(changed: readonly { readonly name: string; readonly cursor: string }[]) {
		const { documents } = this.#options.documents.replica;
		const rows = await documents.bulkGet(changed.map(({ name }) => name));
		return changed.flatMap(({ name, cursor }, index) => {
			const row = rows[index];
			return row && isFetched(row) && row.cursor !== cursor ? [name] : [];
		});
	}

	/**
	 * Exchanges these documents, or only those of them with something unsent, as many as fit with each request.
	 * Throws where some are left for later.
	 */
	async #exchangeAll(
		names: readonly string[],
		which: 'unsent' | 'changed',
		signal: AbortSignal,
	): Promise<void> {
		const waiting = [...names];
		let isTroubled = false;
		while (waiting.length > 0) {
			const pack = await this.#pack(waiting, which, signal);
			if (pack.length === 0) continue;
			const asks = pack.map(({ ask }) => ask);
			const replies = await exchange(
				this.#options,
				{ version: this.#options.version, asks },
				signal,
			);
			signal.throwIfAborted();
			const later = await this.#keep(pack, replies);
			if (later.length === pack.length) throw new NoProgress('nothing was answered');
			waiting.push(...later);
			isTroubled ||= replies.some(({ kind }) => kind === 'unavailable');
		}
		if (isTroubled) throw new NoProgress('some documents cannot be exchanged now');
	}

	/** Takes from the front what fits into one request. */
	async #pack(
		waiting: string[],
		which: 'unsent' | 'changed',
		signal: AbortSignal,
	): Promise<QuietDocument[]> {
		const { documents, isBySocket, onSocket } = this.#options;
		const pack: QuietDocument[] = [];
		let bytes = 0;
		while (waiting.length > 0 && pack.length < catchUpLimits.documents && bytes < packBytes) {
			const name = waiting[0]!;
			const quiet = isBySocket(name) ? undefined : await readQuiet(documents.replica, name);
			signal.throwIfAborted();
			if (quiet === 'unfit') onSocket(name);
			// Sent since it was found to be unsent: by the request before this one, or by a socket.
			else if (quiet && (which === 'changed' || quiet.row.isDirty === 1)) {
				const size = quiet.ask.update.length + quiet.ask.stateVector.length;
				if (pack.length > 0 && bytes + size > packBytes) break;
				bytes += size;
				pack.push(quiet);
			}
			waiting.shift();
		}
		return pack;
	}

	/** Keeps what was answered; answers what is to be asked again. */
	async #keep(pack: readonly QuietDocument[], replies: readonly CatchUpReply[]): Promise<string[]> {
		const { documents } = this.#options;
		const asked = new Map(pack.map((quiet) => [quiet.ask.name, quiet]));
		const answered = replies.flatMap((reply) => {
			const quiet = asked.get(reply.name);
			return quiet ? [{ quiet, reply }] : [];
		});
		const level = answered.flatMap(({ quiet, reply }) =>
			reply.kind === 'level' ? [{ quiet, reply }] : [],
		);
		const kept = new Set(await keepLevel(documents.replica, level));
		const later: string[] = [];
		for (const { quiet, reply } of answered) await this.#settle(quiet, reply, kept, later);
		await Promise.all([...kept].map((name) => documents.changed(name)));
		for (const { doc } of pack) doc.destroy();
		return later;
	}

	async #settle(
		{ row, ask }: QuietDocument,
		reply: CatchUpReply,
		kept: ReadonlySet<string>,
		later: string[],
	): Promise<void> {
		const { name } = reply;
		const { documents } = this.#options;
		switch (reply.kind) {
			case 'level':
				if (!kept.has(name)) return this.#options.onSocket(name);
				if (row.head - row.foldedTo > foldAfterRows)
					void foldWhenIdle(documents.replica, name).then(() => documents.changed(name));
				return;
			case 'resync':
				return this.#options.onSocket(name);
			case 'refused': {
				const { code, reason } = reply;
				if (code !== refusals.outdated.code) return this.#block(row, 'refused', { code, reason });
				this.#options.onOutdated(name);
				return this.#block(row, 'outdated');
			}
			case 'missing':
				// What holds nothing unsent waits for nothing; it is asked for when somebody opens it.
				return ask.update.length > 0 ? this.#block(row, 'not-found') : undefined;
			case 'later':
				return void later.push(name);
			case 'unavailable':
				return;
		}
	}

	/** Where it was not begun anew meanwhile. */
	async #block(row: DocumentRow, block: Block, refusal: Refused | null = null): Promise<void> {
		const { documents } = this.#options;
		await documents.replica.documents
			.where('document')
			.equals(row.document)
			.and(({ generation }) => generation === row.generation)
			.modify({ block, refusal });
		await documents.changed(row.document);
	}

	async #failed(error: unknown): Promise<void> {
		const jitterMs = this.#jitterMs(this.#failures++);
		const toldMs = error instanceof ApiError || error instanceof Offline ? error.retryAfterMs : 0;
		this.#restsUntil = performance.now() + toldMs + jitterMs;
		this.#looksAt = 0;
		if (error instanceof ApiError && error.status === 401) {
			this.#isSignedOut = true;
			this.#restsUntil = Infinity;
			this.#options.onSignedOut();
			return this.#waitForSignIn();
		}
		if (error instanceof ApiError && error.status < 500) return this.#leaveToSockets(error);
		const isPassing = [Offline, ApiError, NoProgress].some((kind) => error instanceof kind);
		if (!isPassing && this.#options.documents.replica.isOpen()) reportError(error);
	}

	#jitterMs(failures: number): number {
		const { random } = this.#options;
		return fullJitterMs(failures, random ? { random } : {});
	}

	/** As with a socket that is closed with 4401: everything waits for another sign-in. */
	async #waitForSignIn(): Promise<void> {
		const { documents } = this.#options;
		const waiting = this.#unsent;
		this.#unsent = [];
		const { documents: rows } = documents.replica;
		await rows
			.where('document')
			.anyOf([...waiting])
			.modify({ block: 'signed-out' });
		await Promise.all(waiting.map((name) => documents.changed(name)));
	}

	/** The server knows no such request, or not in this form: one of another version. Sockets still do. */
	#leaveToSockets(error: ApiError): void {
		console.warn('Documents are exchanged one by one', error);
		for (const name of this.#unsent) this.#options.onSocket(name);
		this.#looksAt = performance.now() + lookMs;
	}
}

/** Fetched at least once, and not waiting for anything but the server. */
function isFetched({ hasServerState, block }: { hasServerState: boolean; block: Block | null }) {
	return hasServerState && block === null;
}
