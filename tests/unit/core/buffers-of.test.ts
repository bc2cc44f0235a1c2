import { expect, test } from 'vitest';
import { buffersOf } from '#sync-server/threads/buffers-of.ts';

const long = (): Uint8Array => new Uint8Array(10_000).fill(7);

test('what is handed over arrives whole, and is held by one of the two only', () => {
	const shared = long();
	const value = { snapshot: long(), updates: [{ data: shared }, { data: shared }], seq: 3 };
	const arrived = structuredClone(value, { transfer: buffersOf(value) });
	expect(arrived.snapshot).toEqual(long());
	expect(arrived.updates).toEqual([{ data: long() }, { data: long() }]);
	expect([value.snapshot.byteLength, shared.byteLength]).toEqual([0, 0]);
});

test('what is short, or part of a larger buffer, is copied and stays', () => {
	const whole = long();
	const value = {
		short: Uint8Array.of(1, 2),
		part: whole.subarray(0, 8000),
		pooled: Buffer.from('x'),
	};
	expect(buffersOf(value)).toEqual([]);
	expect(structuredClone(value).part).toEqual(long().subarray(0, 8000));
	expect(whole.byteLength).toBe(10_000);
});
