import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Tables } from '#sync-server/tables/tables.ts';
import { CommitFaults, openFaultyTables } from '../../support/faulty-disk.ts';
import { sentiment } from '../core/test-server.ts';

/** The ways in which a commit can fail: what fails, and whether its bytes are there nonetheless. */
const failures = [
	{ step: 'write', keeps: false, code: 'disk_full' },
	{ step: 'fsync', keeps: false, code: 'disk_failed' },
	{ step: 'fsync', keeps: true, code: 'disk_failed' },
] as const;

interface TablesUnderTest {
	readonly faults: CommitFaults;
	/** Opens the tables on the disk; opening them again afterwards finds what was committed. */
	readonly open: () => Promise<Tables>;
}

function freshDisk(): TablesUnderTest {
	const folder = mkdtempSync(join(tmpdir(), 'faults-tables-'));
	const opened: Tables[] = [];
	onTestFinished(async () => {
		for (const tables of opened) await tables.close();
		rmSync(folder, { recursive: true });
	});
	const faults = new CommitFaults();
	return {
		faults,
		async open() {
			const tables = await openFaultyTables(join(folder, 'tables.db'), faults);
			opened.push(tables);
			return tables;
		},
	};
}

const at = '2026-01-01T00:00:00.000Z';

async function makeProject(tables: Tables): Promise<void> {
	await tables.accounts.insert('user', {
		id: 'ada',
		name: 'Ada',
		email: 'ada@flywheel.test',
		emailVerified: 0,
		createdAt: at,
		updatedAt: at,
	});
	await tables.projects.create({
		id: 'p',
		name: 'p',
		schema: sentiment,
		reviews: false,
		isSample: false,
		itemKey: 'ab'.repeat(32),
		by: 'ada',
		at,
	});
}

test.each(failures)(
	'a command that the disk refuses ($step, bytes kept: $keeps) says so, and the next one goes on in a file opened anew',
	async ({ step, keeps, code }) => {
		const { faults, open } = freshDisk();
		const tables = await open();
		await tables.settings.put('before', 'kept');
		for (const nth of [1, 2, 5]) {
			const closed = faults.closed;
			faults.fail(step, nth, 1, keeps);
			const kept: string[] = [];
			for (let index = 1; index < nth; index++) {
				kept.push(`${nth}-${index}`);
				await tables.settings.put(`${nth}-${index}`, 'kept');
			}
			await expect(tables.settings.put(`${nth}-failed`, 'x')).rejects.toMatchObject({ code });
			expect(faults.closed).toBe(closed);
			// What only reads is answered from what was committed before, and opens nothing anew.
			expect(await tables.settings.get('before')).toBe('kept');
			for (const key of kept) expect(await tables.settings.get(key)).toBe('kept');
			expect(await tables.settings.get(`${nth}-failed`)).toBe(keeps ? 'x' : undefined);
			expect(faults.closed).toBe(closed);

			await tables.settings.put(`${nth}-after`, 'kept');
			expect(faults.closed).toBe(closed + 1);
			expect(await tables.settings.get(`${nth}-failed`)).toBe(keeps ? 'x' : undefined);
			const later = await open();
			for (const key of [...kept, `${nth}-after`, 'before'])
				expect(await later.settings.get(key)).toBe('kept');
		}
	},
);

test.each(failures)(
	'while every commit fails ($step, bytes kept: $keeps) nothing is done and reading goes on; then all is well again',
	async ({ step, keeps, code }) => {
		const { faults, open } = freshDisk();
		const tables = await open();
		await makeProject(tables);
		const heard: string[] = [];
		tables.onCommit((projects) => heard.push(...projects));
		const head = await tables.changes.head();
		faults.fail(step, 1, 1000, keeps);
		for (let round = 0; round < 5; round++) {
			await expect(tables.settings.put(`k${round}`, 'x')).rejects.toMatchObject({ code });
			expect((await tables.projects.find('p'))?.name).toBe('p');
			expect(await tables.projects.listOf('ada')).toHaveLength(1);
			expect(await tables.changes.head()).toBe(head);
		}
		expect(heard).toEqual([]);
		if (step === 'fsync')
			await expect(tables.tryDisk()).rejects.toMatchObject({ code: 'disk_failed' });
		faults.mend();
		await tables.tryDisk();
		const member = {
			project: 'p',
			user: 'ada',
			role: 'owner',
			hasCode: true,
			joinedAt: at,
		} as const;
		await tables.members.put(member);
		expect(await tables.members.list('p')).toMatchObject([{ user: 'ada', role: 'owner' }]);
		expect(heard).toContain('p');
	},
);

test('a snapshot that is being read ends well; until then nothing is written behind what the disk dropped', async () => {
	const { faults, open } = freshDisk();
	const tables = await open();
	await makeProject(tables);
	const frozen = await tables.snapshots.beginReading('p', 0);
	await tables.settings.put('written while it reads', 'kept');
	faults.fail('fsync', 1, 1);
	await expect(tables.settings.put('failed', 'x')).rejects.toMatchObject({ code: 'disk_failed' });
	await expect(tables.settings.put('later', 'x')).rejects.toThrow('somebody reads');
	await expect(tables.tryDisk()).rejects.toThrow('somebody reads');
	expect((await tables.snapshots.tally(frozen!.reading)).counts.pool).toBe(0);
	await tables.snapshots.endReading(frozen!.reading);
	await tables.settings.put('later', 'kept');
	expect(await tables.settings.get('written while it reads')).toBe('kept');
	expect(await tables.settings.get('failed')).toBeUndefined();
});
