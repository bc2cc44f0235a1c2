import { expect, test } from 'vitest';
import { StoragePromise } from '#app/media/persistence.svelte.ts';

/** A browser's own answers; nothing of ours is replaced. */
function storage(promised: { isKept: boolean; saysYes: boolean }): StorageManager {
	return {
		persisted: () => Promise.resolve(promised.isKept),
		persist: () => Promise.resolve((promised.isKept ||= promised.saysYes)),
	} as unknown as StorageManager;
}

test('looking asks nobody, asking tells the answer', async () => {
	const browser = { isKept: false, saysYes: true };
	const promise = new StoragePromise(storage(browser));
	expect(promise.current).toBeUndefined();
	await promise.look();
	expect([promise.current, promise.wasAsked, browser.isKept]).toEqual(['denied', false, false]);
	await promise.ask();
	expect([promise.current, promise.wasAsked]).toEqual(['granted', true]);
});

test('a browser that says no may be asked again, one that cannot say is not believed', async () => {
	const browser = { isKept: false, saysYes: false };
	const promise = new StoragePromise(storage(browser));
	await promise.ask();
	expect(promise.current).toBe('denied');
	browser.saysYes = true;
	await promise.ask();
	expect(promise.current).toBe('granted');
	const broken = { persisted: () => Promise.reject(new Error('no')) } as unknown as StorageManager;
	const silent = new StoragePromise(broken);
	await silent.look();
	expect(silent.current).toBe('unknown');
});
