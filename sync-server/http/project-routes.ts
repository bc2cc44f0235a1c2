import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import { schemaShape } from '#shared/schema/schema.ts';
import { standAgain } from '../projection/stand-again.ts';
import type { Tables } from '../tables/tables.ts';
import type { CreateProject } from '../projects/create-project.ts';
import type { Guard } from '../accounts/guard.ts';
import { route, type Route } from './route.ts';

const projectName = z.string().trim().min(1).max(100);

interface Options {
	readonly tables: Tables;
	readonly guard: Guard;
	readonly createProject: CreateProject;
	/** Who runs the installation: may always make a project. */
	readonly owner: string;
	/** Takes away what a project has outside the tables: its repository, its documents. */
	readonly removeProject: (project: string) => Promise<void>;
}

/** Projects and the versions of their schema. */
export function projectRoutes({
	tables,
	guard,
	createProject,
	removeProject,
	owner,
}: Options): Route[] {
	return [
		route({
			method: 'get',
			path: '/api/projects',
			audience: 'person',
			summary: 'My projects',
			handle: async ({ caller }) => ({
				projects: (await tables.projects.listOf(caller.user)).map(
					({ id, name, schemaVersion, reviews, isSample, createdAt }) => ({
						id,
						name,
						schemaVersion,
						reviews,
						isSample,
						createdAt,
					}),
				),
			}),
		}),
		route({
			method: 'post',
			path: '/api/projects',
			audience: 'person',
			summary: 'Makes a project with its repository; who makes it owns it',
			body: z.strictObject({
				name: projectName,
				schema: schemaShape,
				reviews: z.boolean().default(true),
			}),
			status: 201,
			async handle({ caller, body }) {
				await mayCreate(caller.user);
				return { id: await createProject({ ...body, by: caller.user }) };
			},
		}),
		route({
			method: 'get',
			path: '/api/projects/:project',
			audience: 'person',
			summary: 'One project with its present schema',
			async handle({ caller, params }) {
				const standing = await guard.project(caller, params['project']!, 'read-project');
				const project = (await tables.projects.find(standing.project))!;
				return {
					id: project.id,
					name: project.name,
					role: standing.role,
					hasCode: standing.hasCode,
					reviews: project.reviews,
					isSample: project.isSample,
					createdAt: project.createdAt,
					schemaVersion: project.schemaVersion,
					schema: await tables.projects.schema(project.id, project.schemaVersion),
				};
			},
		}),
		route({
			method: 'patch',
			path: '/api/projects/:project',
			audience: 'person',
			summary: 'Renames a project, or says whether its answers are reviewed',
			body: z.strictObject({ name: projectName.optional(), reviews: z.boolean().optional() }),
			async handle({ caller, params, body }) {
				const { project } = await guard.project(caller, params['project']!, 'lead');
				await tables.projects.update({
					project,
					...(body.name === undefined ? {} : { name: body.name }),
					...(body.reviews === undefined ? {} : { reviews: body.reviews }),
				});
				if (body.reviews !== undefined) await standAgain(tables, project);
			},
		}),
		route({
			method: 'put',
			path: '/api/projects/:project/schema',
			audience: 'person',
			summary: 'A new version of the schema; batches keep the version they were made with',
			body: schemaShape,
			refusal: 'bad_schema',
			async handle({ caller, params, body }) {
				const { project } = await guard.project(caller, params['project']!, 'lead');
				const at = new Date().toISOString();
				return {
					version: await tables.projects.addSchema({ project, schema: body, by: caller.user, at }),
				};
			},
		}),
		route({
			method: 'delete',
			path: '/api/projects/:project',
			audience: 'person',
			summary: 'Deletes a sample project',
			async handle({ caller, params }) {
				const standing = await guard.project(caller, params['project']!, 'lead');
				if (standing.role !== 'owner')
					throw new CommandError(
						'forbidden',
						`Only an owner of ${standing.project} may delete it.`,
					);
				await tables.projects.deleteSample(standing.project);
				await removeProject(standing.project);
			},
		}),
	];

	/** Labelers and viewers came to work in a project, not to make more of them: a push runs code here. */
	async function mayCreate(user: string): Promise<void> {
		if (user === owner) return;
		for (const { id } of await tables.projects.listOf(user)) {
			const role = (await tables.members.find(id, user))?.role;
			if (role === 'owner' || role === 'lead') return;
		}
		throw new CommandError('forbidden', 'Only owners and leads make projects.');
	}
}
