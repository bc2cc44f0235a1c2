import { z } from 'zod';
import { CommandError } from '#shared/api/errors.ts';
import { readBroughtBack, type RecoveredClients } from '#shared/wire/brought-back.ts';
import { refusals } from '#shared/wire/close-codes.ts';
import type { Documents } from '../documents/documents.ts';
import type { Recovery } from '../projection/recovery.ts';
import { Turns } from '../turns.ts';
import { bodyInTime } from './body-in-time.ts';
import { route, type Route } from './route.ts';

/** Each may hold a whole document in memory. */
const turnLimits = { atOnce: 8, perKey: 1, waiting: 256, waitingPerKey: 16 };
/** A whole document, and whose it is. */
const bodyLimitBytes = 17 * 1024 * 1024;

interface Options {
	readonly documents: Pick<Documents, 'lostClients' | 'recoveredClients' | 'bringBack'>;
	readonly recovery: Pick<Recovery, 'current'>;
}

/** How browsers bring back what the server lost (S16; shared/wire/brought-back.ts). */
export function recoveryRoutes({ documents, recovery }: Options): Route[] {
	const turns = new Turns(turnLimits);
	const query = z.strictObject({ document: z.string().max(200) });

	function mustRecover(): void {
		if (!recovery.current)
			throw new CommandError('not_recovering', 'This server lost nothing lately.');
	}

	return [
		route({
			method: 'get',
			path: '/api/sync/recovery',
			audience: 'person',
			summary: 'Whose Yjs client ids a document has, for who brings back what the server lost',
			query,
			async handle({ caller, query: { document } }) {
				mustRecover();
				const clients = await documents.lostClients(caller, document);
				if (!clients) throw notFound();
				return clients;
			},
		}),
		route({
			method: 'get',
			path: '/api/sync/recovered',
			audience: 'person',
			summary:
				'The Yjs client ids of what was brought back to a document: no one can prove who wrote it',
			query,
			async handle({ caller, query: { document } }): Promise<RecoveredClients> {
				const clients = await documents.recoveredClients(caller, document);
				if (!clients) throw notFound();
				return { clients };
			},
		}),
		route({
			method: 'post',
			path: '/api/sync/recovery',
			audience: 'person',
			summary: 'Bring back what the server lost of a document (bytes: shared/wire/brought-back.ts)',
			query,
			async handle({ caller, query: { document }, request, signal }) {
				mustRecover();
				const end = await turns.take(caller.user, signal);
				try {
					const brought = readBroughtBack(await bodyInTime(request, bodyLimitBytes));
					if (!brought) throw new CommandError('bad_request', 'body: not something brought back');
					const reply = await documents.bringBack(caller, document, brought);
					switch (reply.kind) {
						case 'taken':
						case 'known':
							return { kind: reply.kind };
						case 'missing':
							throw notFound();
						case 'again':
							throw new CommandError('conflict', 'The document has changed meanwhile.');
						case 'unavailable':
							throw new CommandError('overloaded', 'The document cannot be written now.');
						case 'refused':
							throw new CommandError('not_taken', `${refusals[reply.refusal].reason}.`);
					}
				} finally {
					end();
				}
			},
		}),
	];
}

function notFound(): CommandError {
	return new CommandError('not_found', 'There is no such document.');
}
