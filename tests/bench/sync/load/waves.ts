import { setTimeout as wait } from 'node:timers/promises';
import * as Y from 'yjs';
import type { Target } from '../peers/contender.ts';
import { processCost } from '../process-cost.ts';
import { at } from './fan-out.ts';
import { Link } from './link.ts';

/** A browser or proxy opens no more at once, and the kernel's queue for handshakes holds no more. */
const handshakesAtOnce = 256;
const limitMs = 60_000;
/** After everybody is there, and after everybody is gone: what is due then is done. */
const settleMs = 3000;
const emptyUpdate = Uint8Array.of(0, 0);

/** So many clients come at once, three times over: with all they have, with nothing, with everything the server has. */
export interface Waves {
	readonly kind: 'waves';
	readonly target: Target;
	readonly clients: number;
}

export interface WaveResult {
	/** Until the last client was served. */
	readonly seconds: number;
	readonly p99Ms: number;
	/** Of the server, until 3 s after that. */
	readonly cpuSeconds: number;
	/** With everybody connected. */
	readonly residentMb: number;
	/** Clients that got what they came for. */
	readonly served: number;
}

export interface WavesResult {
	readonly storm: WaveResult;
	readonly empty: WaveResult;
	readonly level: WaveResult;
}

type Coming = 'storm' | 'empty' | 'level';

export async function waves({ target, clients }: Waves): Promise<WavesResult> {
	const state = someWork();
	const cursors: string[] = [];
	const wave = (coming: Coming): Promise<WaveResult> =>
		oneWave({ target, clients, coming, state, cursors });
	const storm = await wave('storm');
	const empty = await wave('empty');
	return { storm, empty, level: await wave('level') };
}

interface Work {
	readonly update: Uint8Array;
	readonly vector: Uint8Array;
}

/** Twenty items with twenty regions each: about 24 kB. */
function someWork(): Work {
	const doc = new Y.Doc();
	const draft = doc.getMap('draft');
	doc.transact(() => {
		for (let item = 0; item < 20; item++)
			for (let region = 0; region < 20; region++)
				draft.set(`t${item}/r/${region}`, { tool: 'tone', label: 'warm', shape: [region, item] });
	});
	return { update: Y.encodeStateAsUpdate(doc), vector: Y.encodeStateVector(doc) };
}

async function oneWave(options: {
	target: Target;
	clients: number;
	coming: Coming;
	state: Work;
	cursors: string[];
}): Promise<WaveResult> {
	const { target, clients, coming, state, cursors } = options;
	const before = processCost(target.pid);
	const began = performance.now();
	const times: number[] = [];
	const links: Link[] = [];
	let opening = 0;
	for (let index = 0; index < clients; index++) {
		while (opening >= handshakesAtOnce) await wait(1);
		opening++;
		const visit = new Visit({ target, index, coming, state, cursor: cursors[index] ?? '' });
		visit.served.then(
			() => times.push(performance.now() - began),
			() => undefined, // counted as not served
		);
		visit.opened.then(
			() => opening--,
			() => opening--,
		);
		visit.onHead = (cursor) => (cursors[index] = cursor);
		links.push(visit.link);
	}
	while (times.length < clients && performance.now() - began < limitMs) await wait(5);
	const { residentMb } = processCost(target.pid);
	await wait(settleMs);
	const cpuSeconds = processCost(target.pid).cpuSeconds - before.cpuSeconds;
	for (const link of links) link.close();
	await wait(settleMs);
	const sorted = Float64Array.from(times).sort();
	return {
		seconds: times.length === clients ? at(sorted, 1) / 1000 : Infinity,
		p99Ms: at(sorted, 0.99),
		cpuSeconds,
		residentMb,
		served: times.length,
	};
}

/** One client of a wave, until it has what it came for. */
class Visit {
	readonly link: Link;
	readonly opened: Promise<void>;
	readonly #served = Promise.withResolvers<void>();
	readonly served = this.#served.promise;
	onHead: (cursor: string) => void = () => undefined;
	#isAnswered = false;
	#isTaken: boolean;
	#bytes = 0;
	readonly #coming: Coming;
	readonly #state: Work;

	constructor(options: {
		target: Target;
		index: number;
		coming: Coming;
		state: Work;
		cursor: string;
	}) {
		const { target, index, coming, state, cursor } = options;
		this.#coming = coming;
		this.#state = state;
		this.#isTaken = coming !== 'storm';
		this.link = new Link({
			target,
			document: target.documents[index % target.documents.length]!,
			person: index,
			...(coming === 'level' && { cursor }),
			heard: {
				step1: () => this.#answer(target),
				step2: (update) => this.#got(update),
				update: (update) => this.#count(update),
				receipt: () => this.#taken(),
				head: (heard) => this.onHead(heard),
				closed: (code) => this.#served.reject(new Error(`closed with ${code}`)),
			},
		});
		this.opened = this.link.opened().then(() => this.#ask());
	}

	#ask(): void {
		this.link.step1(this.#coming === 'empty' ? Uint8Array.of(0) : this.#state.vector);
	}

	/** Sends what it has; hocuspocus confirms by itself, y-websocket never: there a second answer is the proof. */
	#answer({ dialect }: Target): void {
		if (this.#coming !== 'storm') return this.link.step2(emptyUpdate);
		this.link.step2(this.#state.update);
		if (dialect === 'flywheel') this.link.barrier();
		if (dialect === 'y-websocket') this.#ask();
	}

	#got(update: Uint8Array): void {
		// The second answer of y-websocket comes after it has taken everything.
		if (this.#isAnswered && this.#coming === 'storm') return this.#taken();
		this.#isAnswered ||= this.#coming !== 'empty';
		this.#count(update);
	}

	/** An empty browser is served when it has all of it, with the answer or behind it. */
	#count(update: Uint8Array): void {
		this.#bytes += update.length;
		this.#isAnswered ||= this.#coming === 'empty' && this.#bytes >= this.#state.update.length * 0.9;
		this.#finish();
	}

	#taken(): void {
		this.#isTaken = true;
		this.#finish();
	}

	#finish(): void {
		if (this.#isAnswered && this.#isTaken) this.#served.resolve();
	}
}
