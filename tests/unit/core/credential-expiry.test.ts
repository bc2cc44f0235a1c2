import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CredentialExpiry } from '#sync-server/accounts/credential-expiry.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

function expiry(ends: Record<string, number | undefined>) {
	const ended: string[] = [];
	const watching = new CredentialExpiry({
		endOf: (credential) => Promise.resolve(ends[credential]),
		end: (credential) => void ended.push(credential),
		onFault: (error) => {
			throw error as Error;
		},
	});
	return { watching, ended };
}

test('each ends at its time, whether it still stands there or is gone', async () => {
	const { watching, ended } = expiry({ a: 5000, b: undefined });
	watching.watch('b', 9000);
	watching.watch('a', 5000);
	await vi.advanceTimersByTimeAsync(4999);
	expect(ended).toEqual([]);
	await vi.advanceTimersByTimeAsync(1);
	expect(ended).toEqual(['a']);
	await vi.advanceTimersByTimeAsync(4000);
	expect(ended).toEqual(['a', 'b']);
	expect(vi.getTimerCount()).toBe(0);
});

test('one that was prolonged goes on until its new end', async () => {
	const ends = { a: 100_000 };
	const { watching, ended } = expiry(ends);
	watching.watch('a', 1000);
	await vi.advanceTimersByTimeAsync(99_000);
	expect(ended).toEqual([]);
	await vi.advanceTimersByTimeAsync(1000);
	expect(ended).toEqual(['a']);
});

test('nothing is watched for longer than something is open', async () => {
	const { watching, ended } = expiry({ a: 1000 });
	const [one, other] = [watching.watch('a', 1000), watching.watch('a', 1000)];
	one();
	one();
	expect(vi.getTimerCount()).toBe(1);
	other();
	expect(vi.getTimerCount()).toBe(0);
	await vi.advanceTimersByTimeAsync(5000);
	expect(ended).toEqual([]);
});

test('a clock that was set forward is noticed within a minute', async () => {
	const day = 24 * 60 * 60_000;
	const { watching, ended } = expiry({ a: day });
	watching.watch('a', day);
	vi.setSystemTime(2 * day);
	await vi.advanceTimersByTimeAsync(60_000);
	expect(ended).toEqual(['a']);
});
