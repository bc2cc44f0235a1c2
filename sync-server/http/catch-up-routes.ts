import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import type { ChangedDocuments } from '#shared/api/replies.ts';
import { catchUpLimits, readCatchUpRequest, writeCatchUpAnswer } from '#shared/wire/catch-up.ts';
import type { ChangedPosition } from '../documents/catch-up/changed-documents.ts';
import type { Documents } from '../documents/documents.ts';
import { Turns } from '../turns.ts';
import { bodyInTime } from './body-in-time.ts';
import { route, type Route } from './route.ts';
import { SealedCursors } from './sealed-cursor.ts';

/** One person has a few devices; beyond so many at work a request waits, holding nothing. */
const turnLimits = { atOnce: 32, perKey: 2, waiting: 256, waitingPerKey: 16 };

interface Options {
	readonly documents: Pick<Documents, 'changed' | 'exchange'>;
	readonly secret: string;
	readonly epoch: string;
}

const positionShape = z.strictObject({
	change: z.number().int().min(0),
	reach: z.string(),
}) satisfies z.ZodType<ChangedPosition>;

/** How a client with thousands of quiet documents comes up to date in a few requests (shared/wire/catch-up.ts). */
export function catchUpRoutes({ documents, secret, epoch }: Options): Route[] {
	const cursors = new SealedCursors<ChangedPosition>({
		secret,
		epoch,
		purpose: 'document cursors',
		shape: positionShape,
	});
	const turns = new Turns(turnLimits);

	async function inTurn<T>(user: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
		const end = await turns.take(user, signal);
		try {
			return await work();
		} finally {
			end();
		}
	}

	return [
		route({
			method: 'post',
			path: '/api/sync/changes',
			audience: 'person',
			summary:
				'Which documents that I may read changed since a cursor; without one, a cursor of now',
			body: z.strictObject({ since: z.string().max(500).optional() }),
			async handle({ caller: { user }, body: { since }, signal }): Promise<ChangedDocuments> {
				const position = since === undefined ? undefined : cursors.read(user, since);
				if (since !== undefined && !position) return { reset: true };
				const page = await inTurn(user, signal, () => documents.changed(user, position));
				const { documents: changed, more } = page;
				return { documents: changed, cursor: cursors.write(user, page.position), more };
			},
		}),
		route({
			method: 'post',
			path: '/api/sync/batch',
			audience: 'person',
			summary: 'Bring up to 100 documents up to date, both ways (bytes: shared/wire/catch-up.ts)',
			handle: ({ caller, request, signal }) =>
				inTurn(caller.user, signal, async () => {
					const asked = readCatchUpRequest(await bodyInTime(request, catchUpLimits.requestBytes));
					if (!asked) throw new CommandError('bad_request', 'body: not a batch of documents');
					const replies = await documents.exchange(caller, asked);
					return new Response(writeCatchUpAnswer(replies) as Uint8Array<ArrayBuffer>, {
						headers: { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-store' },
					});
				}),
		}),
	];
}
