import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRunSpec } from '#shared/run/spec.ts';
import { openTables } from '#sync-server/tables/sqlite/open-tables.ts';
import type { Tables } from '#sync-server/tables/tables.ts';

/** Tables in a folder of their own, in which runs can be made. */
export interface RunTables {
	readonly tables: Tables;
	/** Makes a run as a push does, with this `flywheel.yml`; answers its id. */
	makeRun(run: {
		readonly project: string;
		readonly spec: string;
		readonly at?: string;
	}): Promise<string>;
	/** Nothing of them is left. */
	close(): Promise<void>;
}

export async function openRunTables(): Promise<RunTables> {
	const folder = await mkdtemp(join(tmpdir(), 'flywheel-runs-'));
	const tables = await openTables({ file: join(folder, 'tables.sqlite') });
	return {
		tables,
		async makeRun({ project, spec, at = new Date(0).toISOString() }) {
			const parsed = parseRunSpec(spec);
			if (parsed.kind !== 'ok') throw new Error('the specification of the test is wrong');
			const [made] = await tables.runs.create([
				{
					project,
					name: 'first',
					codeCommit: 'c',
					codeMessage: 'm',
					dataName: 'main',
					dataCommit: 'd',
					spec: parsed.spec,
					params: {},
					by: 'ada',
					at,
					origin: 'push',
				},
			]);
			return made!.id;
		},
		async close() {
			await tables.close();
			await rm(folder, { recursive: true });
		},
	};
}
