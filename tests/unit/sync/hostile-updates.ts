import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

/** A document of a batch with 1000 drafts by client 1, and one submission, one verdict-like entry of the same. */
export function honestDocument(): Y.Doc {
	const document = new Y.Doc();
	document.clientID = 1;
	document.transact(() => {
		for (let index = 0; index < 1000; index++)
			document.getMap('draft').set(`i${index}/v/sentiment`, 'positive');
		document.getMap('submitted').set('s1', submission('positive'));
	});
	return document;
}

export function submission(value: string): Record<string, unknown> {
	return {
		item: 'i1',
		by: 'someone',
		at: '2026-01-01T00:00:00Z',
		spentMs: 10,
		schema: 1,
		answer: { values: { sentiment: value }, regions: [], texts: {} },
		guess: 'none',
		after: [],
	};
}

type Write = (out: encoding.Encoder) => void;
const varUints =
	(...numbers: readonly number[]): Write =>
	(out) => {
		for (const number of numbers) encoding.writeVarUint(out, number);
	};
const noDeletes = varUints(0);

function bytes(...writes: readonly Write[]): Uint8Array {
	return encoding.encode((out) => {
		for (const write of writes) write(out);
	});
}

/** One block of one client: count, client, clock, then structs. */
const block = (client: number, clock: number, count: number): Write =>
	varUints(count, client, clock);
const gc =
	(length: number): Write =>
	(out) => {
		encoding.writeUint8(out, 0);
		encoding.writeVarUint(out, length);
	};
/** An item in a root map, with content of any kind. */
const item =
	(root: string, key: string | null, ref: number, content: Write): Write =>
	(out) => {
		encoding.writeUint8(out, ref | (key === null ? 0 : 0b100000));
		encoding.writeVarUint(out, 1);
		encoding.writeVarString(out, root);
		if (key !== null) encoding.writeVarString(out, key);
		content(out);
	};
const any =
	(value: unknown): Write =>
	(out) => {
		encoding.writeVarUint(out, 1);
		encoding.writeAny(out, value as never);
	};
const string =
	(text: string): Write =>
	(out) =>
		encoding.writeVarString(out, text);
const deletes =
	(...ranges: readonly (readonly [client: number, clock: number, length: number])[]): Write =>
	(out) => {
		encoding.writeVarUint(out, ranges.length);
		for (const [client, clock, length] of ranges) varUints(client, 1, clock, length)(out);
	};

function randomBytes(length: number): Uint8Array {
	let state = 42;
	return Uint8Array.from({ length }, () => (state = (state * 1103515245 + 12345) >>> 0) >>> 24);
}

/** What someone may send who means harm: each with the verdict that it deserves. */
export function hostileUpdates(
	document: Y.Doc,
): { name: string; update: Uint8Array; verdict: string }[] {
	const whole = Y.encodeStateAsUpdate(document);
	const manyClients = (count: number, clock: number): Uint8Array =>
		bytes(
			varUints(count),
			...Array.from({ length: count }, (_, index): Write => (out) => {
				block(1000 + index, clock, 1)(out);
				item('draft', 'i1/v/t', 8, any(1))(out);
			}),
			noDeletes,
		);
	const one = (write: Write, client = 7): Uint8Array =>
		bytes(varUints(1), block(client, 0, 1), write, noDeletes);
	let nested: unknown = 1;
	for (let depth = 0; depth < 100; depth++) nested = [nested];
	return [
		{ name: 'nothing', update: new Uint8Array(), verdict: 'malformed' },
		{ name: 'random bytes', update: randomBytes(1024), verdict: 'limit' },
		{ name: 'a truncated update', update: whole.subarray(0, 9000), verdict: 'malformed' },
		{ name: 'a claim of 2e9 clients', update: bytes(varUints(2e9)), verdict: 'limit' },
		{ name: 'a claim of 4e9 structs', update: bytes(varUints(1, 4e9, 7, 0)), verdict: 'malformed' },
		{
			name: 'a GC struct that moves a clock by 4e9',
			update: bytes(varUints(1), block(7, 0, 1), gc(4e9), noDeletes),
			verdict: 'malformed',
		},
		{
			name: 'deleted content that moves a clock by 4e9',
			update: one(item('draft', 'i1/v/t', 1, varUints(4e9))),
			verdict: 'limit',
		},
		{
			name: 'a clock of the far future',
			update: bytes(
				varUints(1),
				block(7, 2 ** 40, 1),
				item('draft', 'i1/v/t', 8, any(1)),
				noDeletes,
			),
			verdict: 'resync',
		},
		{ name: '100,000 clients of the future', update: manyClients(100_000, 5), verdict: 'limit' },
		{ name: '100,000 new clients', update: manyClients(100_000, 0), verdict: 'limit' },
		{ name: '1,000 clients of the future', update: manyClients(1_000, 5), verdict: 'resync' },
		{
			name: 'deletes of what is not there',
			update: bytes(varUints(0), deletes([1, 0, 4e9])),
			verdict: 'resync',
		},
		{
			name: '200,000 delete ranges',
			update: bytes(varUints(0, 1, 1, 200_000), (out) => {
				for (let index = 0; index < 200_000; index++) varUints(0, 1)(out);
			}),
			verdict: 'limit',
		},
		{
			name: 'a deletion of a submission',
			update: bytes(varUints(0), deletes([1, 1000, 1])),
			verdict: 'authored',
		},
		{
			name: 'a forged client id',
			update: bytes(varUints(1), block(1, 1001, 1), item('draft', 'i1/v/t', 8, any(1)), noDeletes),
			verdict: 'foreignClient',
		},
		{
			name: 'a submission written over another, as if at the same time',
			update: one(item('submitted', 's1', 8, any(submission('negative')))),
			verdict: 'authored',
		},
		{
			name: 'a deep value',
			update: one(item('draft', 'i1/v/t', 8, any(nested))),
			verdict: 'shape',
		},
		{
			name: 'a value nested 100,000 deep',
			update: bytes(
				varUints(1),
				block(7, 0, 1),
				item('draft', 'i1/v/t', 8, (out) => {
					encoding.writeVarUint(out, 1);
					for (let depth = 0; depth < 100_000; depth++) varUints(117, 1)(out);
				}),
			),
			verdict: 'malformed',
		},
		{
			name: 'the key __proto__',
			update: one(item('draft', '__proto__', 8, any(1))),
			verdict: 'shape',
		},
		{
			name: 'a value with a key __proto__',
			update: one(item('draft', 'i1/v/t', 8, any(JSON.parse('{"__proto__": {"a": 1}}')))),
			verdict: 'shape',
		},
		{
			name: '20,000 roots',
			update: bytes(
				varUints(1),
				block(7, 0, 20_000),
				(out) => {
					for (let index = 0; index < 20_000; index++)
						item(`text/i${index}/why`, null, 4, string('x'))(out);
				},
				noDeletes,
			),
			verdict: 'limit',
		},
		{
			name: '2,000 values of one key, none of which saw another',
			update: bytes(
				varUints(1),
				block(7, 0, 2000),
				(out) => {
					for (let index = 0; index < 2000; index++) item('draft', 'i1/v/t', 8, any(1))(out);
				},
				noDeletes,
			),
			verdict: 'limit',
		},
		{
			name: '1,000 words at the beginning of one text, each by another client that saw none',
			update: bytes(
				varUints(1000),
				...Array.from({ length: 1000 }, (_, index): Write => (out) => {
					block(1000 + index, 0, 1)(out);
					item('text/i1/why', null, 4, string('x'))(out);
				}),
				noDeletes,
			),
			verdict: 'limit',
		},
		{
			name: 'a root that is none',
			update: one(item('elsewhere', 'k', 8, any(1))),
			verdict: 'shape',
		},
		{ name: 'text in a map', update: one(item('draft', null, 4, string('x'))), verdict: 'shape' },
		{ name: 'a key in a text', update: one(item('text/i1/why', 'k', 8, any(1))), verdict: 'shape' },
		{
			name: 'binary content',
			update: one(
				item('draft', 'i1/v/t', 3, (out) => encoding.writeVarUint8Array(out, Uint8Array.of(1))),
			),
			verdict: 'shape',
		},
		{
			name: 'a nested type',
			update: one(item('draft', 'i1/v/t', 7, varUints(1))),
			verdict: 'shape',
		},
		{
			name: 'a subdocument',
			update: one(
				item('draft', 'i1/v/t', 9, (out) => {
					encoding.writeVarString(out, 'guid');
					encoding.writeAny(out, {});
				}),
			),
			verdict: 'shape',
		},
		{
			name: 'content of no known kind',
			update: one(item('draft', 'i1/v/t', 31, varUints(0))),
			verdict: 'malformed',
		},
		{
			name: 'an empty struct',
			update: one(item('draft', 'i1/v/t', 1, varUints(0))),
			verdict: 'malformed',
		},
		{
			name: 'one client twice',
			update: bytes(
				varUints(3),
				block(7, 0, 1),
				item('draft', 'i1/v/t', 8, any(1)),
				block(8, 0, 1),
				item('draft', 'i1/v/t', 8, any(1)),
				block(7, 1, 1),
				item('draft', 'i1/v/t', 8, any(1)),
				noDeletes,
			),
			verdict: 'malformed',
		},
		{
			name: 'one client in two blocks that follow each other',
			update: bytes(
				varUints(2),
				block(7, 0, 1),
				item('draft', 'i1/v/t', 8, any(1)),
				block(7, 1, 1),
				item('draft', 'i1/v/t', 8, any(1)),
				noDeletes,
			),
			verdict: 'malformed',
		},
		{
			name: 'an item that is known, said to stand beside one that is not there',
			update: bytes(
				varUints(2),
				block(1, 0, 1),
				(out) => {
					encoding.writeUint8(out, 8 | 0b10000000);
					varUints(99, 0)(out);
					any(1)(out);
				},
				block(7, 0, 1),
				item('draft', 'i1/v/t', 8, any(1)),
				noDeletes,
			),
			verdict: 'malformed',
		},
		{
			name: 'two items that each stand after the other',
			update: bytes(
				varUints(2),
				block(8, 0, 1),
				(out) => {
					encoding.writeUint8(out, 8 | 0b10000000);
					varUints(7, 0)(out);
					any(1)(out);
				},
				block(7, 0, 1),
				(out) => {
					encoding.writeUint8(out, 8 | 0b10000000);
					varUints(8, 0)(out);
					any(1)(out);
				},
				noDeletes,
			),
			verdict: 'malformed',
		},
		{
			name: 'an item between two keys',
			update: bytes(
				varUints(1),
				block(7, 0, 1),
				(out) => {
					encoding.writeUint8(out, 8 | 0b11000000);
					varUints(1, 0, 1, 1)(out);
					any(1)(out);
				},
				noDeletes,
			),
			verdict: 'shape',
		},
		{
			name: 'a time of a thousand digits',
			update: one(
				item(
					'submitted',
					's2',
					8,
					any({ ...submission('x'), at: `2026-01-01T00:00:00.${'0'.repeat(1000)}Z` }),
				),
			),
			verdict: 'shape',
		},
		{
			name: 'a verdict-like shape in submitted',
			update: one(item('submitted', 's2', 8, any({ kind: 'accepted' }))),
			verdict: 'shape',
		},
	];
}
