import { randomBytes } from 'node:crypto';
import type { LineRefusal, PreparedLine } from '../tables/imports.ts';
import type { Project } from '../tables/projects.ts';
import type { Tables } from '../tables/tables.ts';

/**
 * The import of the items that a stream of predictions brings along: one row for the whole stream, begun
 * with the first of them, so that it can be looked at and undone as one.
 */
export class NewItems {
	readonly #tables: Pick<Tables, 'imports'>;
	readonly #project: Project;
	readonly #by: string;
	readonly #id = randomBytes(10).toString('hex');
	readonly #at = new Date().toISOString();
	#isBegun = false;
	#count = 0;

	constructor(tables: Pick<Tables, 'imports'>, project: Project, by: string) {
		this.#tables = tables;
		this.#project = project;
		this.#by = by;
	}

	/** How many items were new. */
	get count(): number {
		return this.#count;
	}

	/** Takes items in, those that are known too; answers which lines were refused: another item has their id. */
	async take(rows: readonly PreparedLine[]): Promise<readonly LineRefusal[]> {
		if (rows.length === 0) return [];
		const { id: project, schemaVersion } = this.#project;
		const [id, by, at] = [this.#id, this.#by, this.#at];
		if (!this.#isBegun)
			await this.#tables.imports.start({ id, project, by, at, format: 'predictions' });
		this.#isBegun = true;
		const { report, refused } = await this.#tables.imports.append({
			id,
			project,
			by,
			at,
			schemaVersion,
			replaces: false,
			lines: rows.length,
			rows,
			refusals: [],
			refusedMore: 0,
		});
		this.#count = report.items;
		return refused;
	}

	async end(state: 'done' | 'failed'): Promise<void> {
		if (this.#isBegun) await this.#tables.imports.end(this.#id, state);
	}
}
