import { z } from 'zod';
import { readCode } from '../git/read-code.ts';
import type { Repositories } from '../git/repositories.ts';
import type { Tables } from '../tables/tables.ts';
import type { Guard } from '../accounts/guard.ts';
import { route, type Route } from './route.ts';

interface Options {
	readonly tables: Pick<Tables, 'snapshots'>;
	readonly guard: Guard;
	readonly repositories: Pick<Repositories, 'snapshot' | 'folderOf' | 'resolve'>;
}

/** Snapshots of the corpus, and the files of the repository for those who may read code. */
export function snapshotRoutes({ tables, guard, repositories }: Options): Route[] {
	return [
		route({
			method: 'get',
			path: '/api/projects/:project/snapshots',
			audience: 'person',
			summary: 'Snapshots, newest first',
			async handle({ caller, params }) {
				const { project } = await guard.project(caller, params['project']!, 'read-corpus');
				const snapshots = await tables.snapshots.list(project);
				return { snapshots };
			},
		}),
		route({
			method: 'post',
			path: '/api/projects/:project/snapshots',
			audience: 'person',
			summary: 'Freezes the corpus as a commit; without a change gives the newest one',
			body: z.strictObject({
				name: z.string().min(1).max(80).default('main'),
				message: z.string().max(5000).default(''),
			}),
			async handle({ caller, params, body }) {
				const { project, user } = await guard.project(caller, params['project']!, 'lead');
				const { commit, tag } = await repositories.snapshot({ project, ...body, by: user });
				return { commit, tag };
			},
		}),
		route({
			method: 'get',
			path: '/api/projects/:project/code',
			audience: 'person',
			summary: 'A folder or a text of the repository, at a branch, a tag or a commit',
			query: z.strictObject({
				ref: z.string().min(1).max(200).default('main'),
				path: z.string().max(1024).default(''),
			}),
			async handle({ caller, params, query }) {
				const { project } = await guard.project(caller, params['project']!, 'code');
				return readCode(repositories, { project, ...query });
			},
		}),
	];
}
