import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { encodingState } from '#shared/wire/encode-state.ts';
import { hasPending } from '#sync-server/log/compact-document.ts';

type Edit =
	| { readonly kind: 'set'; readonly key: number; readonly value: string }
	| { readonly kind: 'type'; readonly at: number; readonly text: string }
	| { readonly kind: 'erase'; readonly at: number; readonly count: number }
	| { readonly kind: 'turn'; readonly to: number };

const small = fc.nat({ max: 9 });
const text = fc.string({ minLength: 1, maxLength: 8 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
	fc.record({ kind: fc.constant('set'), key: small, value: text }),
	fc.record({ kind: fc.constant('type'), at: small, text }),
	fc.record({ kind: fc.constant('erase'), at: small, count: small }),
	fc.record({ kind: fc.constant('turn'), to: fc.nat({ max: 2 }) }),
);
const edits = fc.array(edit, { maxLength: 40 });

/** Edits a document in the name of several clients, in turn. */
function apply(document: Y.Doc, all: readonly Edit[]): void {
	const written = document.getText('text');
	for (const one of all)
		switch (one.kind) {
			case 'set':
				document.getMap('map').set(String(one.key), one.value);
				break;
			case 'type':
				written.insert(Math.min(one.at, written.length), one.text);
				break;
			case 'erase': {
				const at = Math.min(one.at, written.length);
				written.delete(at, Math.min(one.count, written.length - at));
				break;
			}
			case 'turn':
				document.clientID = 1000 + one.to;
				break;
		}
}

function contentOf(document: Y.Doc): unknown {
	return [document.getMap('map').toJSON(), document.getText('text').toJSON()];
}

/** Takes all steps; `between` happens once after each. */
function encoded(document: Y.Doc, stateVector: Uint8Array, between: () => void): Uint8Array {
	const steps = encodingState(document, stateVector);
	for (;;) {
		const { done, value } = steps.next();
		if (done) return value;
		between();
	}
}

test('step by step a document is encoded as Yjs encodes it', () => {
	fc.assert(
		fc.property(edits, edits, (before, after) => {
			const document = new Y.Doc();
			apply(document, before);
			const known = Y.encodeStateVector(document);
			apply(document, after);
			for (const stateVector of [Uint8Array.of(0), known])
				expect(encoded(document, stateVector, () => undefined)).toEqual(
					Y.encodeStateAsUpdate(document, stateVector),
				);
		}),
	);
});

test('what is written between the steps leaves nothing that cannot be placed, and nothing is missed', () => {
	fc.assert(
		fc.property(edits, edits, fc.array(edits, { maxLength: 8 }), (before, after, meanwhile) => {
			const document = new Y.Doc();
			const copy = new Y.Doc();
			apply(document, before);
			Y.applyUpdate(copy, Y.encodeStateAsUpdate(document));
			apply(document, after);
			const atFirst = Y.decodeStateVector(Y.encodeStateVector(document));
			const written: Uint8Array[] = [];
			document.on('update', (update: Uint8Array) => written.push(update));
			const later = [...meanwhile];
			const update = encoded(document, Y.encodeStateVector(copy), () =>
				apply(document, later.shift() ?? []),
			);
			Y.applyUpdate(copy, update);
			expect(hasPending(copy)).toBe(false);
			for (const [client, clock] of atFirst)
				expect(Y.getState(copy.store, client)).toBeGreaterThanOrEqual(clock);
			for (const one of written) Y.applyUpdate(copy, one);
			expect(contentOf(copy)).toEqual(contentOf(document));
		}),
	);
});
