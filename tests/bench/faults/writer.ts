import { setTimeout as wait } from 'node:timers/promises';
import type * as Y from 'yjs';
import { WireClient } from '../../integration/sync/wire-client.ts';
import { Promises } from './promises.ts';
import { itemOf, type Workplace } from './workplace.ts';

const smallKeys = 40;
/** Above 64 kB together: judged aside, in the gate's thread. */
const largeKeys = 200;
const padding = 'x'.repeat(350);
/** Of a hundred writes so many are large, submissions and deletions; the rest are small. */
const share = { large: 2, submission: 15, deletion: 10 } as const;

interface WriterOptions {
	/** Makes its keys its own. */
	readonly name: string;
	readonly url: string;
	/** The item of a number. */
	readonly item: (index: number) => string;
}

/** Writes in one document, over many connections, and knows what it was promised. */
export class Writer {
	readonly #options: WriterOptions;
	readonly #promises = new Promises();
	#client: WireClient | undefined;
	#number = 0;
	/** The first write of this connection. */
	#firstNumber = 0;
	/** What was acknowledged on connections before. */
	#acknowledgedBefore = 0;
	#submissions: { readonly id: string; readonly number: number }[] = [];

	constructor(options: WriterOptions) {
		this.#options = options;
	}

	/**
	 * Comes with nothing but what the server serves. Returns the keys that hold less than was promised before;
	 * undefined where the server did not take it in.
	 */
	async connect(): Promise<readonly string[] | undefined> {
		const client = await WireClient.join(this.#options.url).catch(() => undefined);
		if (!client?.kinds().includes('step2')) return undefined;
		const broken = this.broken(client.document);
		this.#acknowledgedBefore = this.acknowledged;
		this.#firstNumber = this.#number;
		this.#client = client;
		return broken;
	}

	get isCutOff(): boolean {
		return this.#client?.closedWith !== undefined;
	}

	/** How many writes were acknowledged, on all connections. */
	get acknowledged(): number {
		return this.#acknowledgedBefore + this.#upTo + 1 - this.#firstNumber;
	}

	/** Writes something and asks when it is durable. */
	write(): void {
		const client = this.#client!;
		const number = this.#number++;
		const dice = Math.random() * 100;
		client.edit((document) => {
			if (dice < share.large) this.#writeLarge(document, number);
			else if (dice < share.large + share.submission) this.#submit(document, number);
			else this.#writeSmall(document, number, dice > 100 - share.deletion);
		});
		client.send({ kind: 'barrier', payload: new TextEncoder().encode(String(number)) });
	}

	/** Writes at random intervals until it is cut off, or told to stop. */
	async writeOn(pauseMs: number, isOver: () => boolean = () => false): Promise<void> {
		while (!this.isCutOff && !isOver()) {
			this.write();
			await wait(pauseMs * (0.5 + Math.random()));
		}
	}

	#writeSmall(document: Y.Doc, number: number, isDeletion: boolean): void {
		const index = Math.floor(Math.random() * smallKeys);
		const key = `${this.#options.item(index)}/r/${this.#options.name}-${index}`;
		const draft = document.getMap('draft');
		const isDeleted = isDeletion && draft.has(key);
		if (isDeleted) draft.delete(key);
		else draft.set(key, { number });
		this.#promises.wrote(key, number, isDeleted);
	}

	#writeLarge(document: Y.Doc, number: number): void {
		for (let index = 0; index < largeKeys; index++) {
			const key = `${this.#options.item(index)}/r/${this.#options.name}-large-${index}`;
			document.getMap('draft').set(key, { number, padding });
			this.#promises.wrote(key, number);
		}
	}

	#submit(document: Y.Doc, number: number): void {
		const id = `${this.#options.name}-${number}`;
		document.getMap('submitted').set(id, {
			...{ item: this.#options.item(number), by: 'owner', at: new Date().toISOString() },
			...{ spentMs: number, schema: 1, guess: 'none', after: [] },
			answer: { values: { tone: 'warm' }, regions: [], texts: {} },
		});
		this.#submissions.push({ id, number });
		this.#promises.wrote(id, number);
	}

	/** Waits until the connection is gone; the submissions that were acknowledged on it. */
	async end(): Promise<readonly string[]> {
		const client = this.#client!;
		await client.until(() => false);
		const refused = client.heard.find(({ kind }) => kind === 'refused');
		if (refused) throw new Error(`an honest write was refused: ${JSON.stringify(refused)}`);
		const upTo = this.#upTo;
		const kept = this.#submissions.filter(({ number }) => number <= upTo).map(({ id }) => id);
		this.#submissions = [];
		return kept;
	}

	/** The last write of this connection that was acknowledged. */
	get #upTo(): number {
		const last = this.#client?.heard.findLast(({ kind }) => kind === 'barrier');
		return last?.kind === 'barrier'
			? Number(new TextDecoder().decode(last.payload))
			: this.#firstNumber - 1;
	}

	/** The keys of a document that hold less than was promised. */
	broken(document: Y.Doc): string[] {
		const draft = document.getMap<{ number: number }>('draft');
		const submitted = document.getMap<{ spentMs: number }>('submitted');
		return this.#promises.broken(
			this.#upTo,
			(key) => draft.get(key)?.number ?? submitted.get(key)?.spentMs,
		);
	}

	async close(): Promise<void> {
		await this.#client?.close();
	}
}

/** So many writers for each document. */
export function writersOf(place: Workplace, each: number): Writer[][] {
	return place.documents.map((document, batch) =>
		Array.from(
			{ length: each },
			(_, index) =>
				new Writer({
					name: `w${batch}-${index}`,
					url: place.url(document),
					item: (number) => itemOf(batch, number),
				}),
		),
	);
}
