import { expect, test } from 'vitest';
import { withRetries } from '#runner/server/backoff.ts';

const never = new AbortController().signal;
const failing = (times: number, error: Error) => {
	let tries = 0;
	return () => (++tries <= times ? Promise.reject(error) : Promise.resolve(tries));
};
const options = { isFinal: () => false, signal: never, random: () => 0 };

test('what fails for a while succeeds in the end', async () => {
	expect(await withRetries(failing(5, new Error('lost')), options)).toBe(6);
});

test('what is final is not tried again', async () => {
	let tries = 0;
	const work = () => Promise.reject(new Error(`try ${++tries}`));
	await expect(withRetries(work, { ...options, isFinal: () => true })).rejects.toThrow('try 1');
});

test('a limit of nothing means one try, and an abort ends the waiting', async () => {
	await expect(
		withRetries(failing(1, new Error('lost')), { ...options, forMs: 0 }),
	).rejects.toThrow('lost');
	const stop = new AbortController();
	const waiting = withRetries(failing(1, new Error('lost')), {
		...options,
		random: () => 1,
		signal: stop.signal,
	});
	stop.abort();
	await expect(waiting).rejects.toThrow();
});
