import * as Y from 'yjs';
import { limits } from '#sync-server/documents/gate/limits.ts';
import { inspectUpdate } from '#sync-server/documents/gate/inspect-update.ts';
import { hasPending } from '#sync-server/log/compact-document.ts';
import { honestDocument, hostileUpdates, submission } from '../../unit/sync/hostile-updates.ts';

type Random = () => number;

/** The same numbers for the same seed (mulberry32), in [0, 1). */
function seededRandom(seed: number): Random {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

interface Seeds {
	readonly honest: readonly Uint8Array[];
	/** Those that the main thread judges. */
	readonly hostile: readonly Uint8Array[];
}

const edits: readonly ((client: Y.Doc) => void)[] = [
	(client) => client.getMap('draft').set('i1/v/sentiment', 'negative'),
	(client) => client.getMap('draft').set('i1/r/a', { tool: 'box', shape: [0, 0, 1, 1] }),
	(client) => client.getMap('draft').delete('i2/v/sentiment'),
	(client) => client.getText('text/i1/why').insert(0, 'because of the plot'),
	(client) => client.getText('text/i2/why').insert(0, 'so it is'),
	(client) => {
		const text = client.getText('text/i3/why');
		text.insert(0, 'no, or yes');
		text.delete(2, 5);
		text.insert(3, 'perhaps');
	},
	(client) => client.getMap('submitted').set('s2', submission('negative')),
];

/** What is mutated: what honest clients say, each edit alone, all at once and one after the other; and what hostile ones do. */
function seedsFor(document: Y.Doc, random: Random): Seeds {
	const honest: Uint8Array[] = [];
	const say = (some: typeof edits, isLive: boolean): void => {
		const client = new Y.Doc();
		client.clientID = Math.floor(random() * 2 ** 32);
		Y.applyUpdate(client, Y.encodeStateAsUpdate(document));
		const before = Y.encodeStateVector(client);
		if (isLive) client.on('update', (update: Uint8Array) => honest.push(update));
		for (const edit of some) edit(client);
		if (!isLive) honest.push(Y.encodeStateAsUpdate(client, before));
		client.destroy();
	};
	for (const edit of edits) say([edit], false);
	say(edits, false);
	say(edits, true);
	const hostile = hostileUpdates(document)
		.map(({ update }) => update)
		.filter(({ length }) => length <= 2_000);
	return { honest, hostile };
}

const extremes = [
	Uint8Array.of(0),
	Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
	Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
	Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01),
];

/** Changes, cuts, repeats and mixes a few bytes of an update, mostly one of an honest one. */
function mutate({ honest, hostile }: Seeds, random: Random): Uint8Array {
	const below = (bound: number): number => Math.floor(random() * bound);
	const seeds = below(4) === 0 ? hostile : honest;
	let bytes = seeds[below(seeds.length)]!.slice();
	for (let count = below(2) === 0 ? 1 : 1 + below(4); count > 0; count--) {
		const at = below(bytes.length + 1);
		const to = Math.min(bytes.length, at + 1 + below(12));
		switch (below(8)) {
			case 0:
			case 1:
				if (at < bytes.length) bytes[at] = below(256);
				break;
			case 7:
				// Most numbers in an update are small ones.
				if (at < bytes.length) bytes[at] = below(12);
				break;
			case 2:
				if (at < bytes.length) bytes[at]! ^= 1 << below(8);
				break;
			case 3:
				bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
				break;
			case 4:
				bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
				break;
			case 5: {
				const other = seeds[below(seeds.length)]!;
				const from = below(other.length + 1);
				bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + below(64))]);
				break;
			}
			case 6:
				bytes = Buffer.concat([
					bytes.subarray(0, at),
					extremes[below(extremes.length)]!,
					bytes.subarray(to),
				]);
				break;
		}
	}
	return Uint8Array.from(bytes);
}

/** What became of mutated updates. */
export interface Mutations {
	readonly judged: number;
	/** By verdict. */
	readonly verdicts: Readonly<Record<string, number>>;
	/** What one took of the thread's time at most, applying included. */
	readonly slowestMs: number;
	/** What was against the rules, with the bytes as hex. Nothing, that is. */
	readonly faults: readonly string[];
}

/** Documents are made anew after so many updates got in, so that each meets one that is nearly untouched. */
const freshAfter = 20;

/** Puts mutated updates to the gate, and applies what passes as the server does. */
export function judgeMutations(count: number, seed: number): Mutations {
	const random = seededRandom(seed);
	const stored = Y.encodeStateAsUpdate(honestDocument());
	const seeds = seedsFor(honestDocument(), random);
	const verdicts: Record<string, number> = {};
	const faults: string[] = [];
	let slowestMs = 0;
	let applied = freshAfter;
	let document = new Y.Doc();
	let owners = new Map<number, string>();
	for (let index = 0; index < count; index++) {
		if (applied >= freshAfter) {
			document.destroy();
			document = new Y.Doc();
			Y.applyUpdate(document, stored);
			owners = new Map([[1, 'ada']]);
			applied = 0;
		}
		const update = mutate(seeds, random);
		const context = { document, part: 'answers', user: 'eve', owners, mayCopy: false } as const;
		const before = process.threadCpuUsage();
		let fault: string | undefined;
		try {
			const verdict = inspectUpdate(update, context);
			const word = verdict.kind === 'refuse' ? verdict.refusal : verdict.kind;
			verdicts[word] = (verdicts[word] ?? 0) + 1;
			if (verdict.kind === 'ok') {
				applied++;
				for (const client of verdict.claims) owners.set(client, 'eve');
				const clocks = clocksOf(document);
				Y.applyUpdate(document, update);
				if (hasPending(document)) fault = 'left something pending';
				else if (clocksOf(document) - clocks > limits.clockAdvance) fault = 'moved clocks too far';
				else if (!isUntouched(document)) fault = 'changed what someone submitted';
			}
		} catch (error) {
			fault = `threw ${String(error)}`;
		}
		const { user, system } = process.threadCpuUsage(before);
		slowestMs = Math.max(slowestMs, (user + system) / 1000);
		if (fault === undefined) continue;
		faults.push(`${fault}: ${Buffer.from(update).toString('hex')}`);
		applied = freshAfter;
	}
	document.destroy();
	return { judged: count, verdicts, slowestMs, faults };
}

function clocksOf(document: Y.Doc): number {
	let sum = 0;
	for (const [client] of document.store.clients) sum += Y.getState(document.store, client);
	return sum;
}

function isUntouched(document: Y.Doc): boolean {
	const kept = document.getMap('submitted').get('s1');
	return JSON.stringify(kept) === JSON.stringify(submission('positive'));
}
