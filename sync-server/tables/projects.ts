import type { Schema } from '#shared/schema/schema.ts';

export interface Project {
	readonly id: string;
	readonly name: string;
	readonly schemaVersion: number;
	readonly reviews: boolean;
	readonly isSample: boolean;
	/** Hex key of the HMAC that names items without an id. */
	readonly itemKey: string;
	readonly revision: number;
	readonly createdAt: string;
	readonly createdBy: string;
}

export interface ProjectsTable {
	/** Makes a project with version 1 of its schema and its creator as owner. Throws `name_taken`. */
	create(project: {
		id: string;
		name: string;
		schema: Schema;
		reviews: boolean;
		isSample: boolean;
		itemKey: string;
		by: string;
		at: string;
	}): Promise<void>;
	find(id: string): Promise<Project | undefined>;
	/** Projects the person is a member of, by name. */
	listOf(user: string): Promise<Project[]>;
	list(): Promise<Project[]>;
	schema(project: string, version: number): Promise<Schema | undefined>;
	/** Adds a version; returns its number. The same schema again returns the present number. */
	addSchema(change: { project: string; schema: Schema; by: string; at: string }): Promise<number>;
	update(change: { project: string; name?: string; reviews?: boolean }): Promise<void>;
	/** Deletes a sample project and everything of it in the tables. Throws `forbidden` for another project. */
	deleteSample(project: string): Promise<void>;
}
