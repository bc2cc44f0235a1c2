import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tables } from '#sync-server/tables/tables.ts';
import { openRunTables, type RunTables } from '../../support/run-tables.ts';

let world: RunTables;
let tables: Tables;
let runs = 0;

beforeAll(async () => {
	world = await openRunTables();
	({ tables } = world);
});
afterAll(() => world.close());

async function liveAttempt(): Promise<{ run: string; attempt: number }> {
	const project = `p${++runs}`;
	const run = await world.makeRun({ project, spec: 'run: train' });
	await tables.attempts.claim({
		runner: { id: `t/${project}`, name: 'r', tags: [] },
		projects: [project],
		tokenHash: project,
		at: new Date(0).toISOString(),
	});
	return { run, attempt: 1 };
}

/** Pieces of a file in order, some of them again, some from further back, some with a gap before them. */
const sends = fc.array(
	fc.record({ jump: fc.integer({ min: -40, max: 15 }), size: fc.integer({ min: 1, max: 120 }) }),
	{ maxLength: 30 },
);

test('a file that comes in pieces, twice or with gaps, is kept once and whole', async () => {
	await fc.assert(
		fc.asyncProperty(fc.integer({ min: 1, max: 60 }), sends, async (steps, pieces) => {
			const key = await liveAttempt();
			const lines = Array.from({ length: steps }, (_, step) =>
				step % 7 === 3 ? 'only text, ü\n' : `${JSON.stringify({ step, loss: step / 3 })}\n`,
			);
			const bytes = Buffer.from(lines.join(''));
			const log = Buffer.from(`${lines.join('')}ü`);
			let [metricsNext, logNext, sequence] = [0, 0, 1];
			for (const { jump, size } of [...pieces, { jump: 0, size: 10_000 }]) {
				const offset = Math.max(0, metricsNext + jump);
				const data = bytes.subarray(offset, offset + size);
				const reply = await tables.metrics.append(key, { file: 'stdout', offset, data });
				if (offset > metricsNext) expect(reply.next).toBe(metricsNext);
				metricsNext = reply.next;

				const from = Math.max(0, logNext + jump);
				const piece = { sequence, offset: from, data: log.subarray(from, from + size) };
				const kept = await tables.metrics.appendLog(key, piece);
				expect(await tables.metrics.appendLog(key, piece)).toEqual(kept);
				({ next: logNext, nextSequence: sequence } = kept);
			}
			expect(metricsNext).toBe(bytes.length);
			const expected = lines.flatMap((line, step) => (line.startsWith('{') ? [step] : []));
			const [part] = await tables.metrics.points(key.run, 'loss');
			expect([...(part?.steps ?? [])]).toEqual(expected);
			expect([...(part?.values ?? [])]).toEqual(expected.map((step) => step / 3));
			const whole = await tables.metrics.readLog(key.run, 0, 1_000_000);
			expect(Buffer.from(whole).equals(log)).toBe(true);
			const middle = await tables.metrics.readLog(key.run, 5, 20);
			expect(Buffer.from(middle).equals(log.subarray(5, 25))).toBe(true);
		}),
		{ numRuns: 40 },
	);
});
