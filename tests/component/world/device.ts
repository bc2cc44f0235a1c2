import { expect } from 'vitest';
import { TabAtWork } from './tab-at-work.ts';

export const document = 'p/b/answers';

/** A tab in a frame of its own: what it holds in memory, its locks and its connections go with the frame. */
interface Tab {
	readonly frame: HTMLIFrameElement;
	readonly work: TabAtWork;
}

/** One person's browser: tabs over one database, and what they said of what was written in them. */
export class Device {
	readonly user: string;
	/** Keys that were said to be on this device. */
	readonly kept: string[] = [];
	/** Keys that were said to be on the server. */
	readonly claimed: string[] = [];
	readonly tabs: Tab[] = [];
	readonly #epoch = crypto.randomUUID();
	readonly #random: () => number;
	#address: string;
	#isCut = false;
	#count = 0;

	constructor(user: string, address: string, random: () => number) {
		this.user = user;
		this.#address = address;
		this.#random = random;
	}

	async open(): Promise<void> {
		const frame = globalThis.document.createElement('iframe');
		const module = new URL('./tab-at-work.ts', import.meta.url).href;
		frame.srcdoc = `<script type="module" src="${module}"></script>`;
		globalThis.document.body.append(frame);
		const inside = () => frame.contentWindow as unknown as typeof globalThis | null;
		await expect.poll(() => inside()?.openTabAtWork).toBeDefined();
		const work = inside()!.openTabAtWork!({
			epoch: this.#epoch,
			user: this.user,
			document,
			address: this.#address,
			isCut: this.#isCut,
			random: () => this.#random() * 0.02,
		});
		this.tabs.push({ frame, work });
	}

	/** Some edits of one gesture each. */
	write(at: number, count: number): void {
		for (let left = count; left > 0; left--)
			this.tabs[at]!.work.write(`${this.user}${this.#count++}/v/t`, this.user);
	}

	/** Waits until a tab says that all it wrote is on this device, and notes it. */
	async keep(at: number): Promise<void> {
		const { work } = this.tabs[at]!;
		const said = [...work.written];
		if (await work.isKept()) this.kept.push(...said);
	}

	/** Notes what tabs say is on the server now. */
	read(): void {
		for (const { work } of this.tabs) if (work.isOnServer) this.claimed.push(...work.written);
	}

	/** Closes a tab as its reader does: what it holds is written first. */
	async close(at: number): Promise<void> {
		await this.keep(at);
		await this.tabs[at]!.work.close();
		this.kill(at);
	}

	/** The tab is gone from one moment to the next. */
	kill(at: number): void {
		for (const { frame } of this.tabs.splice(at, 1)) frame.remove();
	}

	/** Ends the connections; while it `isCut`, new ones too. */
	cut(isCut: boolean): void {
		this.#isCut = isCut;
		for (const { work } of this.tabs) {
			work.network.isCut = isCut;
			work.network.cut();
		}
	}

	get isCut(): boolean {
		return this.#isCut;
	}

	/** The server listens somewhere else now. */
	moveTo(address: string): void {
		this.#address = address;
		for (const { work } of this.tabs) work.network.address = address;
	}

	/** Whether all tabs have the server's state and say that theirs is there. */
	get isLevel(): boolean {
		return this.tabs.every(({ work }) => work.hasServerState && work.isOnServer);
	}
}
