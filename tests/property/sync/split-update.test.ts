import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { splitUpdate } from '#shared/wire/split-update.ts';
import { hasPending } from '#sync-server/log/compact-document.ts';

type Step =
	| { readonly kind: 'set'; readonly of: number; readonly key: number; readonly value: unknown }
	| { readonly kind: 'unset'; readonly of: number; readonly key: number }
	| { readonly kind: 'type'; readonly of: number; readonly at: number; readonly text: string }
	| { readonly kind: 'erase'; readonly of: number; readonly at: number; readonly count: number }
	| { readonly kind: 'nest'; readonly of: number; readonly at: number }
	| { readonly kind: 'format'; readonly of: number; readonly at: number }
	| { readonly kind: 'hear'; readonly of: number; readonly from: number };

const people = 4;
const of = fc.nat({ max: people - 1 });
const small = fc.nat({ max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant('set'),
			of,
			key: small,
			value: fc.oneof(fc.jsonValue(), fc.uint8Array({ maxLength: 4 }), fc.maxSafeInteger()),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('unset'), of, key: small }) },
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant('type'),
			of,
			at: small,
			text: fc.string({ minLength: 1, maxLength: 6, unit: 'binary' }),
		}),
	},
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('erase'), of, at: small, count: small }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('nest'), of, at: small }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('format'), of, at: small }) },
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('hear'), of, from: of }) },
);
const steps = fc.array(step, { minLength: 1, maxLength: 60 });

/** Several people, apart and together: maps, texts, nested types, deletions. Answers what each one has. */
function play(history: readonly Step[], gc: boolean): Y.Doc[] {
	const docs = Array.from({ length: people }, () => new Y.Doc({ gc }));
	for (const one of history) {
		const doc = docs[one.of]!;
		const text = doc.getText('text');
		const list = doc.getArray<Y.Map<unknown>>('list');
		switch (one.kind) {
			case 'set':
				doc.getMap('map').set(String(one.key), one.value);
				break;
			case 'unset':
				doc.getMap('map').delete(String(one.key));
				break;
			case 'type':
				text.insert(Math.min(one.at, text.length), one.text);
				break;
			case 'erase': {
				const at = Math.min(one.at, text.length);
				text.delete(at, Math.min(one.count, text.length - at));
				if (list.length > one.count) list.delete(one.count, 1);
				break;
			}
			case 'nest':
				if (list.length > one.at) list.get(one.at).set('inner', new Y.Text('deep'));
				else list.push([new Y.Map([['flat', one.at]])]);
				break;
			case 'format':
				if (text.length > one.at) text.format(one.at, 1, { bold: true });
				break;
			case 'hear':
				hear(doc, docs[one.from]!);
				break;
		}
	}
	return docs;
}

function hear(doc: Y.Doc, other: Y.Doc): void {
	Y.applyUpdate(doc, Y.encodeStateAsUpdate(other, Y.encodeStateVector(doc)));
}

/** The order of a map’s keys is that in which they came, and says nothing. */
function contentOf(doc: Y.Doc): unknown {
	return [
		doc.getMap('map').toJSON(),
		doc.getArray('list').toJSON(),
		doc.getText('text').toDelta() as unknown,
	];
}

function expectSame(one: Y.Doc, other: Y.Doc): void {
	expect(contentOf(one)).toEqual(contentOf(other));
	expect(Y.encodeStateVector(one)).toEqual(Y.encodeStateVector(other));
	expect(
		Y.equalDeleteSets(
			Y.createDeleteSetFromStructStore(one.store),
			Y.createDeleteSetFromStructStore(other.store),
		),
	).toBe(true);
}

const limits = fc.record({
	bytes: fc.integer({ min: 1, max: 300 }),
	structs: fc.integer({ min: 1, max: 12 }),
});

test('pieces, applied in order, leave nothing pending and give what the whole gives', () => {
	fc.assert(
		fc.property(steps, limits, fc.boolean(), fc.nat(), (history, pieceLimits, gc, cut) => {
			const docs = play(history, gc);
			const before = play(history.slice(0, cut % history.length), gc)[0]!;
			const base = Y.encodeStateAsUpdate(before);
			for (const doc of docs) hear(doc, before);
			for (const doc of docs) hear(docs[0]!, doc);
			for (const known of [Uint8Array.of(0, 0), base]) {
				const [whole, byPieces] = [new Y.Doc(), new Y.Doc()];
				for (const doc of [whole, byPieces]) Y.applyUpdate(doc, known);
				const update = Y.encodeStateAsUpdate(docs[0]!, Y.encodeStateVector(whole));
				Y.applyUpdate(whole, update);
				for (const piece of splitUpdate(update, pieceLimits)) {
					Y.applyUpdate(byPieces, piece);
					expect(hasPending(byPieces)).toBe(false);
					expect(Y.decodeUpdate(piece).structs.length).toBeLessThanOrEqual(pieceLimits.structs);
				}
				expectSame(byPieces, whole);
			}
		}),
		{ numRuns: 400 },
	);
});

test('pieces of merged updates with holes in them hold what the whole holds', () => {
	fc.assert(
		fc.property(steps, limits, fc.nat(), (history, pieceLimits, leftOut) => {
			const doc = new Y.Doc();
			const updates: Uint8Array[] = [];
			doc.on('update', (update: Uint8Array) => updates.push(update));
			for (const other of play(history, true)) hear(doc, other);
			for (const one of history) doc.getMap('map').set('last', one.kind);
			const missing = updates.splice(leftOut % updates.length, 1);
			const merged = Y.mergeUpdates(updates.length > 0 ? updates : missing);
			const [whole, byPieces] = [new Y.Doc(), new Y.Doc()];
			Y.applyUpdate(whole, merged);
			for (const piece of splitUpdate(merged, pieceLimits)) Y.applyUpdate(byPieces, piece);
			for (const one of [whole, byPieces]) for (const update of missing) Y.applyUpdate(one, update);
			expect(hasPending(byPieces)).toBe(hasPending(whole));
			expectSame(byPieces, whole);
		}),
		{
			numRuns: 200,
			examples: [
				[
					[
						{ kind: 'nest', of: 2, at: 0 },
						{ kind: 'hear', of: 1, from: 2 },
						{ kind: 'nest', of: 1, at: 0 },
					],
					{ bytes: 1, structs: 1 },
					51748210,
				],
			],
		},
	);
});

test('a piece stays within its limits, but for a struct that is larger alone', () => {
	const doc = new Y.Doc();
	for (let index = 0; index < 1000; index++)
		doc.getMap('map').set(`i${index}`, 'x'.repeat(index % 50 === 0 ? 5000 : 100));
	const pieces = splitUpdate(Y.encodeStateAsUpdate(doc), { bytes: 2000, structs: 10 });
	for (const piece of pieces) {
		const { structs } = Y.decodeUpdate(piece);
		expect(structs.length).toBeLessThanOrEqual(10);
		if (structs.length > 1) expect(piece.length).toBeLessThan(2100);
	}
});

test('a deletion of much is split as well', () => {
	const doc = new Y.Doc();
	doc.getText('text').insert(0, 'x'.repeat(100_000));
	const before = Y.encodeStateAsUpdate(doc);
	const { promise, resolve } = Promise.withResolvers<Uint8Array>();
	doc.on('update', resolve);
	doc.getText('text').delete(10, 99_000);
	return promise.then((deletion) => {
		const pieces = splitUpdate(deletion);
		expect(pieces.length).toBe(10);
		const copy = new Y.Doc();
		for (const piece of [before, ...pieces]) Y.applyUpdate(copy, piece);
		expect(copy.getText('text').length).toBe(1000);
	});
});

test('bytes that are no update are told so', () => {
	expect(() => splitUpdate(Uint8Array.of(1, 2, 3, 4, 5, 6))).toThrow();
	expect(() => splitUpdate(new Uint8Array())).toThrow();
	expect(splitUpdate(Uint8Array.of(0, 0))).toEqual([]);
});
