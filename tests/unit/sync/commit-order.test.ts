import { expect, test } from 'vitest';
import { markOf, payloadOf, readCommitOrder } from '../../bench/faults/commit-order.ts';

const log = '/data/updates.db-wal';
const [mark, payload] = [markOf(7), payloadOf(7)];
const written = `12 1.000 pwrite64(22<${log}>, "..${mark}..", 4096, 0) = 4096`;
const synced = `12 1.001 fsync(22<${log}>) = 0`;
const sent = `10 1.002 write(30<socket:[99]>, "..${mark}..", 60) = 60`;
const acknowledged = `10 1.003 write(31<socket:[98]>, "f\\t${payload}", 12) = 12`;
const order = (...lines: string[]) => readCommitOrder(lines, log);

test('S1 a trace in order proves the update', () => {
	expect(order(written, synced, sent, acknowledged)).toMatchObject({
		...{ proven: 1, broadcasts: 1, acknowledgements: 1, violations: [] },
	});
});

test('S1 calls that were interrupted by others count from where they began to where they returned', () => {
	const began = `12 1.001 fsync(22<${log}> <unfinished ...>`;
	const returned = '12 1.004 <... fsync resumed>) = 0';
	const other = '10 1.002 fsync(23</data/tables.db-wal>) = 0';
	expect(order(written, began, other, returned, sent, acknowledged).violations).toEqual([]);
	expect(order(written, began, other, sent, returned, acknowledged).violations).toEqual([
		`broadcast of ${mark} before its fsync returned`,
	]);
	expect(order(began, written, returned, sent, acknowledged).violations).toHaveLength(2);
});

test('S1 what is told before the disk has it is found', () => {
	expect(order(written, sent, synced, acknowledged).violations).toEqual([
		`broadcast of ${mark} before its fsync returned`,
	]);
	expect(order(written, acknowledged, synced, sent).violations).toEqual([
		`acknowledgement of ${mark} before its fsync returned`,
	]);
	expect(order(written, sent, acknowledged).violations).toHaveLength(2);
	const failed = synced.replace('= 0', '= -1 EIO (Input/output error) (INJECTED)');
	expect(order(written, failed, sent, acknowledged).violations).toHaveLength(2);
	const elsewhere = synced.replace(log, '/data/tables.db-wal');
	expect(order(written, elsewhere, sent, acknowledged).violations).toHaveLength(2);
});
