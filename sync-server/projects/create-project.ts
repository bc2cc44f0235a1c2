import { randomBytes } from 'node:crypto';
import { CommandError } from '#shared/api/errors.ts';
import type { Schema } from '#shared/schema/schema.ts';
import { slugOf } from '../accounts/slug.ts';
import type { FirstFile, Repositories } from '../git/repositories.ts';
import type { Tables } from '../tables/tables.ts';
import { starterFiles } from './starter-files.ts';

interface NewProject {
	/** A slug of the name where none is given. */
	readonly id?: string;
	readonly name: string;
	readonly schema: Schema;
	readonly reviews: boolean;
	readonly isSample?: boolean;
	readonly by: string;
	/** The first commit of `main`; without them a README and a baseline to start from. */
	readonly files?: readonly FirstFile[];
}

/** Makes a project and answers its id. Throws `name_taken`. */
export type CreateProject = (project: NewProject) => Promise<string>;

interface Options {
	readonly tables: Tables;
	readonly repositories: Pick<Repositories, 'create' | 'remove'>;
	readonly url: string;
}

/**
 * Makes projects one after the other, each with its repository. The repository comes first: a crash between
 * leaves a folder that no project names, and the next project of that name takes its place.
 */
export function projectCreation({ tables, repositories, url }: Options): CreateProject {
	let last: Promise<unknown> = Promise.resolve();

	async function create(project: NewProject): Promise<string> {
		const id = project.id ?? slugOf(project.name, 'p');
		if (await tables.projects.find(id))
			throw new CommandError('name_taken', `There is a project ${id} already.`);
		const files = project.files ?? starterFiles({ id, name: project.name, url });
		await repositories.remove(id);
		await repositories.create(id, files, project.by);
		await tables.projects.create({
			id,
			name: project.name,
			schema: project.schema,
			reviews: project.reviews,
			isSample: project.isSample ?? false,
			itemKey: randomBytes(32).toString('hex'),
			by: project.by,
			at: new Date().toISOString(),
		});
		return id;
	}

	return (project) => {
		const made = last.then(() => create(project));
		last = made.catch(() => undefined); // its own caller is told
		return made;
	};
}
