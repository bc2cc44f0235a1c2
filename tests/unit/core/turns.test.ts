import { describe, expect, test } from 'vitest';
import { Turns } from '#sync-server/turns.ts';

const limits = { atOnce: 3, perKey: 2, waiting: 2, waitingPerKey: 2 };

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
	const pending = Symbol('pending');
	await new Promise(setImmediate);
	return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe('turns', () => {
	test('one key has no more than its share, others go on', async () => {
		const turns = new Turns(limits);
		const end = await turns.take('a');
		await turns.take('a');
		const third = turns.take('a');
		expect(await isSettled(third)).toBe(false);
		await turns.take('b');
		end();
		end();
		expect(await isSettled(third)).toBe(true);
	});

	test('who comes when too many wait is turned away', async () => {
		const turns = new Turns({ ...limits, atOnce: 1 });
		await turns.take('a');
		void turns.take('b');
		void turns.take('c');
		await expect(turns.take('d')).rejects.toMatchObject({ code: 'overloaded' });
	});

	test('one key cannot fill the queue, and others still find a place in it', async () => {
		const turns = new Turns({ atOnce: 1, perKey: 1, waiting: 4, waitingPerKey: 2 });
		const end = await turns.take('a');
		const waiting = [turns.take('a'), turns.take('a')];
		await expect(turns.take('a')).rejects.toMatchObject({ code: 'overloaded' });
		const other = turns.take('b');
		end();
		(await waiting[0]!)();
		(await waiting[1]!)();
		expect(await isSettled(other)).toBe(true);
	});

	test('who leaves the queue makes room in it', async () => {
		const turns = new Turns({ atOnce: 1, perKey: 1, waiting: 1, waitingPerKey: 1 });
		const end = await turns.take('a');
		const gone = new AbortController();
		const left = turns.take('b', gone.signal);
		gone.abort(new Error('gone'));
		await expect(left).rejects.toThrow('gone');
		const next = turns.take('c');
		end();
		expect(await isSettled(next)).toBe(true);
	});
});
