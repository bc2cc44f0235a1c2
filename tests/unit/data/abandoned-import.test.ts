import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { textSchema } from '../../integration/data/data-server.ts';
import { openDatabase } from '#sync-server/tables/sqlite/database.ts';
import { nounsOf } from '#sync-server/tables/sqlite/nouns.ts';

const at = '2026-01-01T00:00:00.000Z';

test('an import whose end the disk did not take says failed later; one under way goes on', () => {
	const folder = mkdtempSync(join(tmpdir(), 'flywheel-imports-'));
	const database = openDatabase(join(folder, 'tables.db'));
	onTestFinished(() => {
		database.close();
		rmSync(folder, { recursive: true });
	});
	const { projects, imports } = nounsOf(database);
	const inOne = <T>(work: () => T): T => database.transaction(work).result;
	inOne(() => {
		const project = { id: 'p', name: 'p', schema: textSchema, reviews: false, isSample: false };
		projects.create({ ...project, itemKey: 'ab', by: 'lea', at });
		for (const id of ['ended', 'lost', 'running'])
			imports.start({ id, project: 'p', by: 'lea', at, format: 'jsonl' });
	});
	inOne(() => imports.end('ended', 'done'));
	const full = (): never => {
		imports.end('lost', 'failed');
		throw new Error('database or disk is full');
	};
	expect(() => inOne(full)).toThrow('full');
	const states = () => ['ended', 'lost', 'running'].map((id) => imports.find('p', id)?.state);
	expect(states()).toEqual(['done', 'running', 'running']);
	inOne(() => imports.failAbandoned());
	expect(states()).toEqual(['done', 'failed', 'running']);
	inOne(() => imports.end('running', 'done'));
	expect(states()).toEqual(['done', 'failed', 'done']);
});
