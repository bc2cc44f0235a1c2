import { createContext } from 'svelte';
import { may, type Right } from '#shared/access/access.ts';
import type { Row } from '#shared/replica/rows.ts';
import type { Schema } from '#shared/schema/schema.ts';

/** The project whose pages are open. Getters: each reads the replica again. */
export interface ProjectContext {
	readonly id: string;
	readonly project: Row<'projects'>;
	/** The present version of the schema. */
	readonly schema: Schema | undefined;
	readonly summary: Row<'summaries'> | undefined;
	readonly members: readonly Row<'members'>[];
	may(right: Right): boolean;
	/** A person's name; their id where they left, and nothing but that somebody is one where this reader may not know. */
	nameOf(user: string): string;
}
export const [getProject, setProject] = createContext<ProjectContext>();

/** Whether the reader of a project row has a right in it. */
export function mayIn(project: Row<'projects'>, right: Right): boolean {
	return may(project.role, right, project.hasCode);
}
