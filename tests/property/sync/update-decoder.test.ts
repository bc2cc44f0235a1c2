import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { applyUpdate, decodeUpdate } from '#sync-server/documents/gate/update-decoder.ts';

const text = fc.oneof(
	fc.string({ maxLength: 40, unit: 'binary' }),
	fc.string({ maxLength: 40, unit: 'grapheme-ascii' }),
	fc.constantFrom('tone', 'warm', 'constructor', '\u0000', '\ufeffmarked', 'ä', '😀'),
);
/** A name that becomes a prototype leaves nothing that could be compared. */
const name = text.filter((one) => one !== '__proto__');
const value = fc.letrec((tie) => ({
	any: fc.oneof(
		{ maxDepth: 4 },
		text,
		fc.constantFrom(null, undefined, true, false),
		fc.maxSafeInteger(),
		fc.double(),
		fc.float(),
		fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
		fc.uint8Array({ maxLength: 40 }),
		fc.array(tie('any'), { maxLength: 5 }),
		fc.dictionary(name, tie('any'), { maxKeys: 5, noNullPrototype: true }),
	),
})).any;
const step = fc.oneof(
	fc.record({ kind: fc.constant('set' as const), key: text, value }),
	fc.record({ kind: fc.constant('type' as const), at: fc.nat({ max: 20 }), text }),
	fc.record({ kind: fc.constant('erase' as const), at: fc.nat({ max: 20 }) }),
	fc.record({ kind: fc.constant('push' as const), values: fc.array(value, { maxLength: 4 }) }),
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** What somebody wrote into maps, texts and lists, as one update. */
function written(steps: readonly Step[]): Uint8Array {
	const document = new Y.Doc();
	document.transact(() => {
		const typed = document.getText('text/one');
		for (const one of steps) {
			if (one.kind === 'set') document.getMap('draft').set(one.key, [one.value]);
			else if (one.kind === 'push')
				document.getArray('list').push(one.values.map((each) => ({ each })));
			else if (one.kind === 'type') typed.insert(Math.min(one.at, typed.length), one.text);
			else if (one.at < typed.length) typed.delete(one.at, 1);
		}
	});
	return Y.encodeStateAsUpdate(document);
}

const steps = fc.array(step, { maxLength: 20 });

test('an update says the same as to Yjs', () => {
	fc.assert(
		fc.property(steps, (all) => {
			const update = written(all);
			expect(decodeUpdate(update)).toEqual(Y.decodeUpdate(update));
			const [ours, theirs] = [new Y.Doc(), new Y.Doc()];
			applyUpdate(ours, update);
			Y.applyUpdate(theirs, update);
			expect(Y.encodeStateAsUpdate(ours)).toEqual(Y.encodeStateAsUpdate(theirs));
		}),
		{ numRuns: 300 },
	);
});

test('S5 bytes that are no update to Yjs are none, and those that are say the same', () => {
	const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), {
		minLength: 1,
		maxLength: 4,
	});
	fc.assert(
		fc.property(steps, changes, fc.nat(), (all, mutations, cut) => {
			const bytes = written(all);
			for (const [at, byte] of mutations) bytes[at % bytes.length] = byte;
			// As it comes in: a part of a larger buffer, with what others sent behind it.
			const whole = Buffer.concat([bytes, Buffer.alloc(100, 'x')]);
			for (const length of [bytes.length, cut % (bytes.length + 1)]) {
				const theirs = outcome(() => Y.decodeUpdate(bytes.slice(0, length)));
				expect(outcome(() => decodeUpdate(whole.subarray(0, length)))).toEqual(theirs);
			}
		}),
		{ numRuns: 1000 },
	);
});

function outcome<T>(work: () => T): T | 'thrown' {
	try {
		return work();
	} catch {
		return 'thrown';
	}
}
