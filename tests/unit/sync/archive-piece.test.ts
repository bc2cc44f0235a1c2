import { expect, test } from 'vitest';
import {
	archiveLimits,
	expiredPieces,
	packUpdates,
	unpackUpdates,
} from '#sync-server/log/archive-piece.ts';
import { updatesOf } from '../../contracts/sync/update-log.ts';

const logged = updatesOf(2 ** 52 + 1, 2500).map((update, index) => ({
	seq: index + 7,
	user: ['ada', 'ben'][index % 2]!,
	client: index % 3 === 0 ? null : update.client,
	// A clock that is set back now and then.
	at: 1_700_000_000_000 + (index % 100) * 1000,
	data: update.data,
}));

test('what is packed comes out as it went in, in pieces of a bounded size', () => {
	const pieces = packUpdates(logged);
	expect(pieces.map(({ seq, upTo }) => [seq, upTo])).toEqual([
		[7, 1006],
		[1007, 2006],
		[2007, 2506],
	]);
	const out = pieces.flatMap(unpackUpdates);
	expect(out.map((row) => ({ ...row, data: [...row.data] }))).toEqual(
		logged.map((row) => ({ ...row, data: [...row.data] })),
	);
	expect(pieces[0]!.at).toBe(1_700_000_099_000);
	const unpacked = logged.reduce((sum, { data }) => sum + data.length, 0);
	expect(pieces.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(unpacked);
	const large = logged.slice(0, 3).map((row) => ({ ...row, data: new Uint8Array(900_000) }));
	expect(packUpdates(large).map(({ seq, upTo }) => [seq, upTo])).toEqual([
		[7, 8],
		[9, 9],
	]);
});

test('what is no piece is not read', () => {
	const { seq, data } = packUpdates(logged.slice(0, 10))[0]!;
	expect(() => unpackUpdates({ seq, data: data.slice(0, -20) })).toThrow();
	expect(() => unpackUpdates({ seq, data: Uint8Array.of(1, 2, 3) })).toThrow();
});

test('the oldest pieces go: those that are too old, and what is more than is kept of one document', () => {
	const piece = (seq: number, at: number, bytes = 10) => ({ seq, upTo: seq + 9, at, bytes });
	expect(expiredPieces([], 5)).toBe(0);
	expect(expiredPieces([piece(1, 3), piece(11, 4), piece(21, 5)], 5)).toBe(2);
	expect(expiredPieces([piece(1, 3), piece(11, 4)], 5)).toBe(2);
	// Behind a piece that is kept everything is kept, whatever its clock said.
	expect(expiredPieces([piece(1, 9), piece(11, 4)], 5)).toBe(0);
	const half = archiveLimits.bytes / 2;
	expect(expiredPieces([piece(1, 9, half), piece(11, 9, half), piece(21, 9, 1)], 5)).toBe(1);
	const long = { seq: 1, upTo: archiveLimits.rows, at: 9, bytes: 1 };
	expect(expiredPieces([long], 5)).toBe(0);
	expect(expiredPieces([long, piece(archiveLimits.rows + 1, 9)], 5)).toBe(1);
});
