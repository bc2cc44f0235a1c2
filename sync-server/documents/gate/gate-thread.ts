import { parentPort } from 'node:worker_threads';
import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { hasPending } from '../../log/compact-document.ts';
import { inspectUpdate, type GateVerdict } from './inspect-update.ts';

/** An update to judge, and a copy of what it is judged against. */
export interface GateJob {
	readonly update: Uint8Array;
	/** The document, as an update. */
	readonly state: Uint8Array;
	readonly part: Part;
	readonly user: string;
	readonly owners: ReadonlyMap<number, string>;
}

/** Said once the copy stands: from here on it is the client's bytes that take the time. */
export type GateAnswer = 'begun' | GateVerdict;

const port = parentPort;
if (!port) throw new Error('this program runs as a worker thread');

const answer = (said: GateAnswer): void => port.postMessage(said);

port.on('message', (job: GateJob) => {
	const document = new Y.Doc({ gc: true });
	Y.applyUpdate(document, job.state);
	answer('begun');
	answer(judge(document, job));
});

/** Also applies what passed: what takes too long to apply is found out here, and not in the main thread. */
function judge(document: Y.Doc, { update, part, user, owners }: GateJob): GateVerdict {
	const verdict = inspectUpdate(update, { document, part, user, owners });
	if (verdict.kind !== 'ok') return verdict;
	Y.applyUpdate(document, update);
	return hasPending(document) ? { kind: 'refuse', refusal: 'malformed' } : verdict;
}
