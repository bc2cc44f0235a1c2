import { expect, onTestFinished, test } from 'vitest';
import { IdleThread } from '#sync-server/threads/idle-thread.ts';
import { ThreadError } from '#sync-server/threads/thread-caller.ts';
import { within } from '#sync-server/threads/within.ts';
import type { TroubledMethods } from '../../support/troubled-thread.ts';

const program = new URL('../../support/troubled-thread.ts', import.meta.url);

function startThread(): IdleThread<TroubledMethods> {
	const thread = new IdleThread<TroubledMethods>(program, { heapMegabytes: 32 });
	onTestFinished(() => thread.end());
	return thread;
}

const answer = (thread: IdleThread<TroubledMethods>, word: string): Promise<string> =>
	thread.ask((caller) => caller.call('answer', word));

test('what a method throws is told, and the thread lives on', async () => {
	const thread = startThread();
	const both = thread.ask((caller) => {
		const failing = caller.call('fail');
		return Promise.allSettled([failing, caller.call('answer', 'same thread')]);
	});
	const [failed, answered] = await both;
	expect(failed).toMatchObject({ reason: expect.any(ThreadError) as ThreadError });
	expect(answered).toMatchObject({ value: 'same thread' });
});

test('a question that takes too much memory costs itself alone', async () => {
	const thread = startThread();
	expect(await answer(thread, 'before')).toBe('before');
	await expect(thread.ask((caller) => caller.call('fill'))).rejects.toMatchObject({
		code: 'ERR_WORKER_OUT_OF_MEMORY',
	});
	expect(await answer(thread, 'after')).toBe('after');
});

test('a question that is not waited for to its end is given up, and the next one is answered', async () => {
	const thread = startThread();
	await expect(thread.ask((caller) => within(50, caller.call('hang')))).rejects.toThrow('50 ms');
	expect(await answer(thread, 'after')).toBe('after');
});

test('whoever asks the same thread as one that dies is told; the thread of who asks later is left alone', async () => {
	const thread = startThread();
	const dying = thread.ask((caller) => caller.call('fill'));
	const beside = answer(thread, 'beside');
	await expect(dying).rejects.toThrow();
	await expect(beside).rejects.toThrow();
	expect(await Promise.all([answer(thread, 'a'), answer(thread, 'b')])).toEqual(['a', 'b']);
});

test('a thread that cannot start says so to everybody who asks', async () => {
	const missing = new URL('./missing-thread.ts', import.meta.url);
	const thread = new IdleThread<TroubledMethods>(missing, {});
	await expect(answer(thread, 'a')).rejects.toThrow('missing-thread');
	await expect(answer(thread, 'b')).rejects.toThrow('missing-thread');
	await thread.close();
});
