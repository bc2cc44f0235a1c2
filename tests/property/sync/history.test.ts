import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { unpackUpdates } from '#sync-server/log/archive-piece.ts';
import { Authors, authorsOf } from '#sync-server/log/authors.ts';
import { readDocument } from '#sync-server/log/compact-document.ts';
import { MemoryDisk, openMemoryLog } from '#sync-server/log/memory-log.ts';
import { openSqliteLog } from '#sync-server/log/sqlite/open-log.ts';
import type { UpdateLog } from '#sync-server/log/update-log.ts';

const name = 'p/b/answers';
const people = ['ada', 'ben', 'cleo'];
const historyMs = 10 * 60_000;
const minute = 60_000;

type Step =
	| { readonly kind: 'set'; readonly who: number; readonly key: number }
	| { readonly kind: 'delete'; readonly who: number; readonly key: number }
	| { readonly kind: 'type'; readonly who: number; readonly at: number }
	| { readonly kind: 'sync'; readonly who: number }
	| { readonly kind: 'new tab'; readonly who: number }
	| { readonly kind: 'time'; readonly seconds: number }
	| { readonly kind: 'fold'; readonly part: number }
	| { readonly kind: 'expire' };

const who = fc.nat({ max: people.length - 1 });
const key = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 8, arbitrary: fc.record({ kind: fc.constant('set'), who, key }) },
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), who, key }) },
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('type'), who, at: key }) },
	{ weight: 8, arbitrary: fc.record({ kind: fc.constant('sync'), who }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('new tab'), who }) },
	// Clocks of servers are set back, too.
	{
		weight: 4,
		arbitrary: fc.record({
			kind: fc.constant('time'),
			seconds: fc.integer({ min: -20, max: 200 }),
		}),
	},
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('fold'), part: fc.nat({ max: 4 }) }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('expire') }) },
);

function contentOf(document: Y.Doc): string {
	const map = document.getMap('draft').toJSON();
	const keys = Object.keys(map).sort();
	return JSON.stringify([
		...keys.map((one) => [one, map[one] as unknown]),
		document.getText('text/i1/why').toJSON(),
	]);
}

/** Plays steps against a log and holds what its history says against what was recorded on the way. */
async function play(steps: readonly Step[], log: UpdateLog): Promise<void> {
	const tabs = people.map(() => new Y.Doc());
	const server = new Y.Doc();
	const { append } = await log.open(name);
	const states = [contentOf(server)];
	/** Who brought which clock of which client, and when. */
	const brought: { client: number; clock: number; user: string; at: number }[] = [];
	let now = Date.parse('2026-01-01T00:00:00Z');
	let values = 0;
	let effect: Uint8Array | undefined;
	server.on('update', (update: Uint8Array) => (effect = update));

	async function sync(index: number): Promise<void> {
		const tab = tabs[index]!;
		effect = undefined;
		Y.applyUpdate(server, Y.encodeStateAsUpdate(tab, Y.encodeStateVector(server)));
		Y.applyUpdate(tab, Y.encodeStateAsUpdate(server, Y.encodeStateVector(tab)));
		if (!effect) return;
		const update = { user: people[index]!, client: null, at: now, data: effect, claims: [] };
		const { from, to } = Y.parseUpdateMeta(effect);
		for (const [client, first] of from)
			for (let clock = first; clock < to.get(client)!; clock++)
				brought.push({ client, clock, user: update.user, at: now });
		await append(update);
		states.push(contentOf(server));
	}

	async function holds(): Promise<void> {
		const { base, baseSeq, archive, updates, authors } = await log.history(name);
		const rebuilt = readDocument(name, { snapshot: base, updates: [] });
		expect(contentOf(rebuilt)).toBe(states[baseSeq]);
		const rest = [...archive.flatMap(unpackUpdates), ...updates];
		for (const { seq, data } of rest) {
			Y.applyUpdate(rebuilt, data);
			expect([seq, contentOf(rebuilt)]).toEqual([seq, states[seq]]);
		}
		expect(baseSeq + rest.length).toBe(states.length - 1);
		const known = [new Authors(authors), new Authors(authorsOf(updates))];
		for (const { client, clock, user, at } of brought) {
			const range = known[0]!.find(client, clock) ?? known[1]!.find(client, clock);
			expect(range?.user).toBe(user);
			expect(Math.floor(range!.at / minute)).toBe(Math.floor(at / minute));
		}
	}

	for (const one of steps)
		switch (one.kind) {
			case 'set':
				tabs[one.who]!.getMap('draft').set(`i${one.key}/v/t`, values++);
				break;
			case 'delete':
				tabs[one.who]!.getMap('draft').delete(`i${one.key}/v/t`);
				break;
			case 'type': {
				const text = tabs[one.who]!.getText('text/i1/why');
				if (one.at < text.length) text.delete(one.at, 1);
				else text.insert(Math.min(one.at, text.length), 'ab');
				break;
			}
			case 'sync':
				await sync(one.who);
				break;
			case 'new tab':
				tabs[one.who] = new Y.Doc();
				Y.applyUpdate(tabs[one.who]!, Y.encodeStateAsUpdate(server));
				break;
			case 'time':
				now += one.seconds * 1000;
				break;
			case 'fold':
				await log.compact(name, Math.ceil(((states.length - 1) * (one.part + 1)) / 5));
				break;
			case 'expire': {
				const { failures } = await log.expireHistory(now);
				expect(failures).toEqual([]);
				await holds();
				break;
			}
		}
	for (const index of people.keys()) await sync(index);
	await holds();
	await log.compact(name, states.length - 1);
	await holds();
	await log.expireHistory(now + 2 * historyMs);
	const { archive } = await log.history(name);
	expect(archive).toEqual([]);
	await holds();
}

describe('S14 what a history says is what was, and who wrote it, wherever it was folded and let go of', () => {
	const steps = fc.array(step, { minLength: 10, maxLength: 80 });

	test('in memory', async () => {
		await fc.assert(
			fc.asyncProperty(steps, (some) => play(some, openMemoryLog(new MemoryDisk(), { historyMs }))),
			{ numRuns: 150 },
		);
	});

	test('in SQLite', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'history-'));
		let runs = 0;
		try {
			await fc.assert(
				fc.asyncProperty(steps, async (some) => {
					const log = await openSqliteLog({ file: join(folder, `${runs++}.sqlite`), historyMs });
					try {
						await play(some, log);
					} finally {
						await log.close();
					}
				}),
				{ numRuns: 6 },
			);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});
});
