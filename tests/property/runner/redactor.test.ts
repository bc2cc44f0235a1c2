import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Redactor } from '#runner/files/redactor.ts';

const secrets = ['fa_secret-token', 'fa_secret-tokens-longer', 'opensesame'];

async function redacted(pieces: readonly Buffer[]): Promise<string> {
	return (await buffer(Readable.from(pieces).pipe(new Redactor(secrets)))).toString();
}

const text = fc
	.array(fc.constantFrom(...secrets, 'fa_secret', 'open', 'sesame', 'f', ' ', 'é', 'fa_', '\n'), {
		maxLength: 12,
	})
	.map((parts) => Buffer.from(parts.join('')));

test('no secret comes through, wherever the pieces are cut', async () => {
	await fc.assert(
		fc.asyncProperty(text, fc.array(fc.nat(200), { maxLength: 6 }), async (bytes, cuts) => {
			const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
			places.sort((a, b) => a - b);
			const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
			const seen = await redacted(pieces.filter((piece) => piece.length > 0));
			for (const secret of secrets) expect(seen).not.toContain(secret);
		}),
	);
});

test('what is no secret comes through as it is', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 })), async (pieces) => {
			const bytes = pieces.map((piece) => Buffer.from(piece));
			const seen = await buffer(
				Readable.from(bytes.filter((piece) => piece.length > 0)).pipe(new Redactor([])),
			);
			expect(seen.equals(Buffer.concat(bytes))).toBe(true);
		}),
	);
});
