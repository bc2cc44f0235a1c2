import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { findingRecoverable, type LossySide } from '#app/documents/restored/recoverable-update.ts';
import { toTheEnd } from '../../support/to-the-end.ts';

const shape = { x: 1 / 7, y: 2 / 7, w: 3 / 7, h: 0.5, of: 'some picture' };

/** So many regions by three people, some of them redrawn and some taken away, and a text. */
function drawn(regions: number): Y.Doc {
	const clients = [1, 2, 3].map((client) => {
		const doc = new Y.Doc();
		doc.clientID = client;
		return doc;
	});
	for (const [index, doc] of clients.entries()) {
		for (const before of clients.slice(0, index)) Y.applyUpdate(doc, Y.encodeStateAsUpdate(before));
		const draft = doc.getMap('draft');
		doc.transact(() => {
			for (let region = 0; region < regions; region++) {
				const key = `i${region % 500}/r/${region}`;
				if (region % 3 === index) draft.set(key, { tool: 'box', label: 'cat', shape });
				else if (region % 7 === index) draft.set(key, { tool: 'box', shape });
				else if (region % 11 === index) draft.delete(key);
			}
			doc.getText('text/i1/why').insert(0, `${index} says why. `);
		});
	}
	return clients[2]!;
}

const lostAll = (): LossySide => ({
	clocks: new Map(),
	state: new Y.Doc(),
	mayBring: () => true,
	isOwn: (client) => client === 3,
});

const json = (doc: Y.Doc) => [doc.getMap('draft').toJSON(), doc.getText('text/i1/why').toJSON()];

test('what a page has of 10 MB that the server lost is found in short steps', () => {
	const doc = drawn(100_000);
	const finding = findingRecoverable(doc, lostAll());
	let longestMs = 0;
	let found: ReturnType<typeof finding.next>;
	do {
		const before = process.threadCpuUsage();
		found = finding.next();
		const { user, system } = process.threadCpuUsage(before);
		longestMs = Math.max(longestMs, (user + system) / 1000);
	} while (!found.done);
	expect(longestMs).toBeLessThan(50);
	const { update } = found.value;
	expect(update!.length).toBeGreaterThan(10e6);
	const copy = new Y.Doc();
	Y.applyUpdate(copy, update!);
	expect(json(copy)).toEqual(json(doc));
}, 60_000);

test('what is written while it is looked for is left to who sends it as it was written', () => {
	const doc = drawn(2000);
	const sent: Uint8Array[] = [];
	doc.on('update', (update: Uint8Array) => sent.push(update));
	const finding = findingRecoverable(doc, lostAll());
	let found = finding.next();
	for (let step = 0; !found.done; step++) {
		doc.getMap('draft').set(`i${step % 500}/r/${step * 13}`, { tool: 'box', step });
		doc.getMap('draft').delete(`i${step % 500}/r/${step * 17}`);
		doc.getText('text/i1/why').insert(step, 'x');
		doc.getText('text/i1/why').delete(step + 3, 1);
		found = finding.next();
	}
	expect(sent.length).toBeGreaterThan(50);
	const copy = new Y.Doc();
	Y.applyUpdate(copy, found.value.update!);
	expect(copy.store.pendingStructs).toBeNull();
	for (const update of sent) Y.applyUpdate(copy, update);
	expect(json(copy)).toEqual(json(doc));
	expect(
		toTheEnd(findingRecoverable(doc, { ...lostAll(), clocks: clocksOf(copy), state: copy })),
	).toEqual({
		update: undefined,
		isOwnHeldBack: false,
	});
});

test('what is taken away while it is looked for hides nothing that was taken away before', () => {
	const doc = new Y.Doc();
	doc.clientID = 3;
	const text = doc.getText('text/i1/why');
	text.insert(0, 'x'.repeat(400));
	const state = new Y.Doc();
	Y.applyUpdate(state, Y.encodeStateAsUpdate(doc));
	for (let at = 398; at >= 0; at -= 2) text.delete(at, 1);
	const finding = findingRecoverable(doc, { ...lostAll(), clocks: clocksOf(state), state });
	expect(finding.next().done).toBe(false);
	const sent: Uint8Array[] = [];
	doc.on('update', (update: Uint8Array) => sent.push(update));
	text.delete(49, 1); // the last one that was looked at; it becomes one with those around it
	const { update } = toTheEnd(finding);
	for (const one of [update!, ...sent]) Y.applyUpdate(state, one);
	expect(state.getText('text/i1/why').toJSON()).toBe(text.toJSON());
});

function clocksOf(doc: Y.Doc): ReadonlyMap<number, number> {
	return Y.decodeStateVector(Y.encodeStateVector(doc));
}
