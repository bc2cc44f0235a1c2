import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parts } from '#shared/access/access.ts';
import { formatDocumentName, parseDocumentName } from '#shared/wire/document-name.ts';
import { readMessage, writeMessage, type Message } from '#shared/wire/messages.ts';

const bytes = fc.uint8Array({ maxLength: 300 });
const text = fc.string({ unit: 'grapheme' });
const message: fc.Arbitrary<Message> = fc.oneof(
	fc.record({ kind: fc.constant('step1' as const), stateVector: bytes }),
	fc.record({ kind: fc.constantFrom('step2' as const, 'update' as const), update: bytes }),
	fc.record({ kind: fc.constant('awareness' as const), update: bytes }),
	fc.record({ kind: fc.constant('denied' as const), reason: text }),
	fc.record({ kind: fc.constant('queryAwareness' as const) }),
	fc.record({ kind: fc.constant('head' as const), cursor: fc.string() }),
	fc.record({ kind: fc.constant('barrier' as const), payload: fc.uint8Array({ maxLength: 64 }) }),
	fc.record({
		kind: fc.constant('refused' as const),
		code: fc.nat(),
		payload: bytes,
		reason: text,
	}),
);

describe('messages on the wire', () => {
	it('are read as they were written, also out of a larger buffer', () => {
		fc.assert(
			fc.property(message, bytes, bytes, (sent, before, behind) => {
				const frame = writeMessage(sent);
				expect(readMessage(frame)).toEqual(sent);
				const pool = Uint8Array.from([...before, ...frame, ...behind]);
				const view = pool.subarray(before.length, before.length + frame.length);
				expect(readMessage(view)).toEqual(sent);
			}),
		);
	});

	it('are nothing when a byte is missing or one too many', () => {
		fc.assert(
			fc.property(message, fc.nat(255), fc.double({ min: 0, max: 0.999 }), (sent, more, share) => {
				const frame = writeMessage(sent);
				expect(readMessage(Uint8Array.from([...frame, more]))).toBeUndefined();
				// The rest of the buffer lies right behind the cut and must not be read.
				expect(readMessage(frame.subarray(0, Math.floor(frame.length * share)))).toBeUndefined();
			}),
		);
	});

	it('never throw, whatever the bytes', () => {
		const anyFrame = fc.oneof(
			bytes,
			fc
				.tuple(fc.constantFrom(0, 1, 2, 3, 102, 103), fc.constantFrom(0, 1, 2, 3, 255), bytes)
				.map(([kind, sub, rest]) => Uint8Array.from([kind, sub, ...rest])),
		);
		fc.assert(
			fc.property(anyFrame, (frame) => {
				const read = readMessage(frame);
				if (read) expect(readMessage(writeMessage(read))).toEqual(read);
			}),
			{ numRuns: 2000 },
		);
	});

	it('refuse a barrier of more than 64 bytes', () => {
		expect(
			readMessage(writeMessage({ kind: 'barrier', payload: new Uint8Array(65) })),
		).toBeUndefined();
	});
});

describe('names of documents', () => {
	it('are read as they were printed', () => {
		const slug = (maxLength: number) =>
			fc.string({ unit: fc.constantFrom(...'abz019-'), minLength: 1, maxLength });
		fc.assert(
			fc.property(slug(63), slug(64), fc.constantFrom(...parts), (project, batch, part) => {
				const name = { project, batch, part };
				expect(parseDocumentName(formatDocumentName(name))).toEqual(name);
			}),
		);
	});

	it.each([
		'',
		'a/b',
		'a/b/other',
		'a/b/answers/',
		'/b/answers',
		'a//answers',
		'../b/answers',
		'A/b/notes',
		'a/b/notes\n',
		'a/%2e/notes',
	])('%j is none', (name) => {
		expect(parseDocumentName(name)).toBeUndefined();
	});
});
