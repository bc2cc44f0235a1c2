import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import { isItemId } from '#shared/schema/item.ts';
import type { Choice } from '../tables/batches.ts';
import { batchFor, knownBatch, type DataDoors } from './data-doors.ts';
import { itemFilterShape } from './item-query.ts';
import { route, type Route } from './route.ts';

/** The most items in one batch (design §2). */
const batchItems = 500;

const name = z.string().trim().min(1).max(100);
const members = z.array(z.string().min(1).max(64)).max(100);

const newBatchShape = z
	.strictObject({
		purpose: z.enum(['label', 'fix', 'review', 'audit']),
		name: name.optional(),
		items: z
			.array(z.string().refine(isItemId, 'not the id of an item'))
			.min(1)
			.max(10_000)
			.optional(),
		choose: z
			.strictObject({
				by: z.enum(['random', 'oldest', 'filter']),
				count: z.number().int().min(1).max(10_000),
				filter: itemFilterShape.strict().default({}),
				/** For `random`: choose the same again. */
				seed: z.number().int().min(0).max(0xffff_ffff).optional(),
			})
			.optional(),
		members,
		overlap: z.number().int().min(1).max(10).default(1),
		blind: z.boolean().default(false),
		/** Items per batch. */
		size: z.number().int().min(1).max(batchItems).default(batchItems),
	})
	.refine(
		({ items, choose }) => (items === undefined) !== (choose === undefined),
		'either items or choose',
	);

/** Batches: making, taking, changing, closing them, and what their members work with. */
export function batchRoutes(doors: DataDoors): Route[] {
	const { tables, guard, rightsChanged } = doors;
	return [
		route({
			method: 'post',
			path: '/api/projects/:project/batches',
			audience: 'person',
			summary: 'Make batches of items that are named or chosen',
			body: newBatchShape,
			status: 201,
			async handle({ caller, params, body }) {
				const project = params['project']!;
				await guard.project(caller, project, 'lead');
				const { choose, items, blind, ...rest } = body;
				const choice: Choice = choose
					? {
							kind: 'choose',
							by: choose.by,
							count: choose.count,
							filter: choose.filter,
							seed: choose.seed ?? randomInt(0xffff_ffff),
						}
					: { kind: 'items', items: items ?? [] };
				const made = await tables.batches.create({
					project,
					choice,
					isBlind: blind,
					purpose: rest.purpose,
					name: rest.name,
					members: rest.members,
					overlap: rest.overlap,
					size: rest.size,
					by: caller.user,
					at: new Date().toISOString(),
				});
				for (const batch of made.batches) rightsChanged({ project, batch });
				return made;
			},
		}),
		route({
			method: 'post',
			path: '/api/projects/:project/batches/take',
			audience: 'person',
			summary: 'The caller’s next batch: one that they have begun, else a new one from the pool',
			body: z.strictObject({
				count: z.number().int().min(1).max(200).default(100),
				/** Batches the caller has at hand already: another one is meant. */
				besides: z.array(z.string().max(64)).max(10_000).default([]),
			}),
			async handle({ caller, params, body }) {
				const project = params['project']!;
				await guard.project(caller, project, 'label');
				const at = new Date().toISOString();
				const { batch, isNew } = await tables.batches.take({
					project,
					user: caller.user,
					at,
					...body,
				});
				if (isNew) rightsChanged({ project, batch });
				return { batch };
			},
		}),
		route({
			method: 'get',
			path: '/api/batches/:batch/items',
			audience: 'person',
			summary: 'Everything the workspace needs to work on a batch without a network',
			async handle({ caller, params }) {
				const { batch } = await knownBatch(doors, caller, params['batch']!);
				return (await tables.batches.packet(batch.id))!;
			},
		}),
		route({
			method: 'post',
			path: '/api/batches/:batch/close',
			audience: 'person',
			summary: 'Close a batch: what comes later is late and stays out of the corpus',
			async handle({ caller, params }) {
				const { batch } = await batchFor(doors, caller, params['batch']!, 'lead');
				await tables.batches.close(batch.id, new Date(doors.now()).toISOString());
				rightsChanged({ project: batch.project, batch: batch.id });
			},
		}),
		route({
			method: 'post',
			path: '/api/batches/:batch/reopen',
			audience: 'person',
			summary: 'Open a closed batch again and take in what was late',
			async handle({ caller, params }) {
				const { batch } = await batchFor(doors, caller, params['batch']!, 'lead');
				await tables.batches.reopen(batch.id);
				rightsChanged({ project: batch.project, batch: batch.id });
			},
		}),
		route({
			method: 'patch',
			path: '/api/batches/:batch',
			audience: 'person',
			summary: 'Rename a batch or change its members',
			body: z.strictObject({ name: name.optional(), members: members.optional() }),
			async handle({ caller, params, body }) {
				const { batch } = await batchFor(doors, caller, params['batch']!, 'lead');
				if (body.name === undefined && body.members === undefined)
					throw new CommandError('bad_request', 'body: neither name nor members.');
				await tables.batches.change({ batch: batch.id, ...body });
				rightsChanged({ project: batch.project, batch: batch.id });
			},
		}),
	];
}
