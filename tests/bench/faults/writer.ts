import type * as Y from 'yjs';
import { WireClient } from '../../integration/sync/wire-client.ts';
import { Promises } from './promises.ts';

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
	#submissions: { readonly id: string; readonly number: number }[] = [];
	#firstNumber = 0;

	constructor(options: WriterOptions) {
		this.#options = options;
	}

	async connect(): Promise<void> {
		this.#client = await WireClient.join(this.#options.url);
		this.#firstNumber = this.#number;
		this.#submissions = [];
	}

	get isCutOff(): boolean {
		return this.#client?.closedWith !== undefined;
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

	/** Waits until the connection is gone; says how many writes were acknowledged before, and which submissions. */
	async end(): Promise<{ acknowledged: number; submissions: readonly string[] }> {
		const client = this.#client!;
		await client.until(() => false);
		const refused = client.heard.find(({ kind }) => kind === 'refused');
		if (refused) throw new Error(`an honest write was refused: ${JSON.stringify(refused)}`);
		return {
			acknowledged: this.#upTo + 1 - this.#firstNumber,
			submissions: this.#submissions
				.filter(({ number }) => number <= this.#upTo)
				.map(({ id }) => id),
		};
	}

	/** The last write that was acknowledged, on the last connection. */
	get #upTo(): number {
		const last = this.#client!.heard.findLast(({ kind }) => kind === 'barrier');
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
