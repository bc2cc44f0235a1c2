import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parts } from '#shared/access/access.ts';
import { readBroughtBack, writeBroughtBack } from '#shared/wire/brought-back.ts';
import {
	readCatchUpAnswer,
	readCatchUpRequest,
	writeCatchUpAnswer,
	writeCatchUpRequest,
	type CatchUpReply,
} from '#shared/wire/catch-up.ts';
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

const ask = fc.record({
	name: fc.string({ maxLength: 200 }),
	cursor: fc.string({ maxLength: 64 }),
	stateVector: bytes,
	update: bytes,
});
const request = fc.record({
	version: fc.nat(),
	asks: fc.uniqueArray(ask, { selector: ({ name }) => name, maxLength: 12 }),
});
const name = fc.string();
const reply: fc.Arbitrary<CatchUpReply> = fc.oneof(
	fc.record({
		name,
		kind: fc.constant('level' as const),
		cursor: fc.string(),
		updates: fc.array(bytes, { maxLength: 3 }),
	}),
	fc.record({ name, kind: fc.constant('refused' as const), code: fc.nat(), reason: text }),
	fc.record({
		name,
		kind: fc.constantFrom('resync' as const, 'missing' as const, 'later' as const),
	}),
	fc.record({ name, kind: fc.constant('unavailable' as const) }),
);
const replies = fc.array(reply, { maxLength: 12 });

describe('batches of documents', () => {
	it('are read as they were written, and are nothing when they are cut or go on', () => {
		fc.assert(
			fc.property(request, replies, fc.double({ min: 0, max: 0.999 }), (sent, answered, share) => {
				const [asked, answer] = [writeCatchUpRequest(sent), writeCatchUpAnswer(answered)];
				expect(readCatchUpRequest(asked)).toEqual(sent);
				expect(readCatchUpAnswer(answer)).toEqual(answered);
				const cut = (body: Uint8Array) => body.subarray(0, Math.floor(body.length * share));
				expect(readCatchUpRequest(cut(asked))).toBeUndefined();
				expect(readCatchUpAnswer(cut(answer))).toBeUndefined();
				expect(readCatchUpRequest(Uint8Array.from([...asked, 0]))).toBeUndefined();
				expect(readCatchUpAnswer(Uint8Array.from([...answer, 0]))).toBeUndefined();
			}),
		);
	});

	it('never throw, whatever the bytes', () => {
		const flipped = fc
			.tuple(request, fc.nat(), fc.nat(255))
			.map(([sent, at, value]) =>
				writeCatchUpRequest(sent).map((byte, index, { length }) =>
					index === at % length ? value : byte,
				),
			);
		fc.assert(
			fc.property(fc.oneof(bytes, flipped), (body) => {
				const read = readCatchUpRequest(body);
				if (read) expect(readCatchUpRequest(writeCatchUpRequest(read))).toEqual(read);
				readCatchUpAnswer(body);
			}),
			{ numRuns: 2000 },
		);
	});

	it('are refused with a document twice, too many of them, or of another version', () => {
		const one = (name: string) => ({
			...{ name, cursor: '', stateVector: new Uint8Array(), update: new Uint8Array() },
		});
		const read = (...names: string[]) =>
			readCatchUpRequest(writeCatchUpRequest({ version: 1, asks: names.map(one) }));
		const many = (count: number) => read(...Array.from({ length: count }, (_, at) => `${at}`));
		expect(many(100)?.asks).toHaveLength(100);
		expect(many(101)).toBeUndefined();
		expect(read('a', 'a')).toBeUndefined();
		expect(read('a'.repeat(201))).toBeUndefined();
		expect(readCatchUpRequest(Uint8Array.of(2, 1, 0))).toBeUndefined();
		expect(readCatchUpRequest(Uint8Array.of(1, 7, 0))).toEqual({ version: 7, asks: [] });
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

describe('what is brought back to a server', () => {
	const brought = fc.record({
		version: fc.nat(),
		ownClients: fc.array(fc.maxSafeNat(), { maxLength: 20 }),
		update: bytes,
	});

	it('is read as it was written, and is nothing when a byte is missing or one too many', () => {
		fc.assert(
			fc.property(brought, fc.double({ min: 0, max: 0.999 }), (sent, share) => {
				const body = writeBroughtBack(sent);
				expect(readBroughtBack(body)).toEqual(sent);
				expect(readBroughtBack(Uint8Array.from([...body, 0]))).toBeUndefined();
				expect(readBroughtBack(body.subarray(0, Math.floor(body.length * share)))).toBeUndefined();
			}),
		);
	});

	it('is never read with a throw, nor with more clients than anybody has', () => {
		fc.assert(fc.property(bytes, (body) => void readBroughtBack(body)));
		const many = Array.from({ length: 10_001 }, (_, index) => index);
		const update = Uint8Array.of(0, 0);
		const read = readBroughtBack(writeBroughtBack({ version: 1, ownClients: many, update }));
		// The newest ten thousand are said: what they wrote first was acknowledged long ago.
		expect(read?.ownClients).toEqual(many.slice(1));
	});
});
