import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { GroupCommit, type PendingAppend } from '#sync-server/log/group-commit.ts';
import type { AppendedUpdate } from '#sync-server/log/update-log.ts';

const appender = { document: 'p/b/answers', hasFailed: false };

function update(byte: number): AppendedUpdate {
	return {
		...{ user: 'ada', client: 1, at: 0, claims: [], leastWriter: 0 },
		data: Uint8Array.of(byte),
	};
}

/** A log that remembers which updates shared a commit. */
function recording(): { commits: GroupCommit; batches: number[][] } {
	const batches: number[][] = [];
	const commits = new GroupCommit((batch: readonly PendingAppend[]) => {
		batches.push(batch.map((pending) => pending.update.data[0]!));
		return Promise.resolve(batch.map((_, index) => index));
	});
	return { commits, batches };
}

test('S1 where many write and telling of it takes long, what arrives meanwhile shares the next commit', async () => {
	const { commits, batches } = recording();
	await Promise.all([1, 2, 3, 4].map((n) => commits.append(appender, update(n))));
	keepBusy(5);
	const fifth = commits.append(appender, update(5));
	await turn();
	await Promise.all([fifth, commits.append(appender, update(6))]);
	expect(batches).toEqual([
		[1, 2, 3, 4],
		[5, 6],
	]);
});

test('S1 where few write, a commit waits for nobody', async () => {
	const { commits, batches } = recording();
	await commits.append(appender, update(1));
	keepBusy(5);
	const second = commits.append(appender, update(2));
	await turn();
	await Promise.all([second, commits.append(appender, update(3))]);
	expect(batches).toEqual([[1], [2], [3]]);
});

test('S1 what is appended when a commit is about to begin is in it', async () => {
	const { commits, batches } = recording();
	const appended: Promise<number>[] = [];
	commits.beforeNext(() => appended.push(commits.append(appender, update(2))));
	await commits.append(appender, update(1));
	await Promise.all(appended);
	expect(batches).toEqual([[1, 2]]);
});

test('S13 what takes long to prepare is not all done at once, and all of it is done', async () => {
	const { commits, batches } = recording();
	for (let index = 0; index < 4; index++)
		commits.beforeNext(() => {
			keepBusy(6);
			void commits.append(appender, update(index));
		});
	await commits.whenIdle();
	expect(batches).toEqual([
		[0, 1],
		[2, 3],
	]);
});

/** As sending to hundreds of sockets does. */
function keepBusy(ms: number): void {
	const until = performance.now() + ms;
	while (performance.now() < until);
}
