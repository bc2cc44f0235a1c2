import { Documents } from '#app/documents/documents.ts';
import type { DocumentHandle } from '#app/documents/open-document.svelte.ts';
import { startSync } from '#app/documents/sync/sync.ts';
import { openReplica, type Replica } from '#app/replica/database.ts';
import { Network } from './network.ts';

/** What a tab of a world is opened for. */
export interface TabWork {
	readonly epoch: string;
	readonly user: string;
	readonly document: string;
	/** Where the server listens. */
	readonly address: string;
	readonly isCut: boolean;
	readonly random: () => number;
}

/** The documents of the app at work in one tab, as the page that shows them has them. */
export class TabAtWork {
	/** Keys that were written here. */
	readonly written: string[] = [];
	readonly network: Network;
	readonly #replica: Replica;
	readonly #documents: Documents;
	readonly #handle: DocumentHandle;
	readonly #name: string;

	constructor({ epoch, user, document, address, isCut, random }: TabWork) {
		this.network = new Network(address);
		this.network.isCut = isCut;
		this.#name = document;
		this.#replica = openReplica(epoch, user);
		this.#documents = new Documents(this.#replica, user);
		const { socket, api } = this.network;
		startSync(this.#documents, { origin: 'http://world.test', socket, api, random });
		this.#handle = this.#documents.open(document);
	}

	/** One edit, as one gesture. */
	write(key: string, value: string): void {
		this.#handle.transact((doc) => doc.getMap('draft').set(key, value));
		this.written.push(key);
	}

	/** Resolves when nothing waits to be written; true where all of it is on this device then. */
	async isKept(): Promise<boolean> {
		const { log } = this.#documents.find(this.#name)!;
		await log.whenWritten();
		return log.failure === undefined;
	}

	get isOnServer(): boolean {
		return this.#handle.saved === 'on the server';
	}

	get hasServerState(): boolean {
		return this.#handle.hasServerState;
	}

	/** What the document holds. */
	get keys(): string[] {
		return [...this.#handle.doc.getMap('draft').keys()].sort();
	}

	/** How much of this device's work the server did not accept. */
	refused(): Promise<number> {
		return this.#replica.refused.count();
	}

	/** The network is back, and the browser says so. */
	hurry(): void {
		this.#documents.hurry();
	}

	/** Closes as a page does that its reader leaves. */
	close(): Promise<void> {
		return this.#documents.close();
	}
}

declare global {
	/** Set in the frame of a tab, by the module it runs. */
	var openTabAtWork: ((work: TabWork) => TabAtWork) | undefined;
}

globalThis.openTabAtWork = (work) => new TabAtWork(work);
