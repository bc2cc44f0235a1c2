import { parseDocumentName } from '#shared/wire/document-name.ts';
import type { Part } from '#shared/access/access.ts';
import type { WaitingDocument } from '#app/documents/unsent/waiting.ts';
import type { Block, Refused } from '#app/replica/database.ts';

/** Why a document's changes are not on the server. */
export type WaitingReason =
	| 'no-room'
	| 'not-saved'
	| 'saving'
	| 'signed-out'
	| 'not-found'
	| 'refused'
	| 'outdated'
	| 'damaged'
	| 'offline'
	| 'sending';

interface WaitingState {
	readonly block: Block | null;
	/** Where this page could not store it, or has not yet. */
	readonly stored?: 'saving' | 'not saved' | undefined;
	readonly isOutOfRoom: boolean;
	readonly isOnline: boolean;
	readonly isSignedIn: boolean;
}

/** The reason that must go away first. */
export function whyWaiting(state: WaitingState): WaitingReason {
	if (state.stored === 'not saved') return state.isOutOfRoom ? 'no-room' : 'not-saved';
	if (state.stored === 'saving') return 'saving';
	if (state.block === 'signed-out' || !state.isSignedIn) return 'signed-out';
	if (state.block !== null) return state.block;
	return state.isOnline ? 'sending' : 'offline';
}

export const waitingWords: Readonly<
	Record<WaitingReason, { title: string; text: string; tone: 'neutral' | 'warn' | 'bad' }>
> = {
	'no-room': {
		title: 'no room on this device',
		text: 'The last change is only in this page. Save it as a file, or make room.',
		tone: 'bad',
	},
	'not-saved': {
		title: 'not saved',
		text: 'This browser could not write it. It is tried again; keep the page open.',
		tone: 'bad',
	},
	saving: { title: 'saving', text: 'Being written to this device.', tone: 'neutral' },
	'signed-out': {
		title: 'signed out',
		text: 'Safe on this device. Sign in again and it is sent.',
		tone: 'warn',
	},
	'not-found': {
		title: 'not taken',
		text: 'The batch is gone, or you were taken off it. Save it as a file for a lead.',
		tone: 'bad',
	},
	refused: {
		title: 'not accepted',
		text: 'The server refused a change. Yours are written again as soon as it answers.',
		tone: 'bad',
	},
	damaged: {
		title: 'partly unreadable',
		text: 'A part of what this browser kept cannot be read. What can is compared with the server and written again.',
		tone: 'bad',
	},
	outdated: {
		title: 'needs a reload',
		text: 'Safe on this device. Flywheel was updated: reload the page and it is sent.',
		tone: 'warn',
	},
	offline: {
		title: 'no network',
		text: 'Safe on this device. It is sent when there is a network.',
		tone: 'warn',
	},
	sending: {
		title: 'being sent',
		text: 'Safe on this device. It waits for the server to confirm.',
		tone: 'neutral',
	},
};

/** Why, with what the server said where it said something. */
export function waitingText(reason: WaitingReason, refusal: Refused | null): string {
	const { text } = waitingWords[reason];
	return reason === 'refused' && refusal ? `${refusal.reason}. ${text}` : text;
}

/** One document in the list of what waits. */
export interface WaitingLine extends Pick<WaitingDocument, 'document' | 'since' | 'refusal'> {
	/** Undefined where nothing of it could be stored yet. */
	readonly changes: number | undefined;
	readonly reason: WaitingReason;
}

interface NotStored {
	readonly saving: readonly string[];
	readonly notSaved: readonly string[];
}

/** Everything that waits: first what is nowhere but in this page, then the longest wait. */
export function waitingLines(
	waiting: readonly WaitingDocument[],
	{ saving, notSaved }: NotStored,
	now: Pick<WaitingState, 'isOutOfRoom' | 'isOnline' | 'isSignedIn'>,
): WaitingLine[] {
	const lines = waiting.map(({ document, changes, since, block, refusal }): WaitingLine => {
		const stored = notSaved.includes(document)
			? 'not saved'
			: saving.includes(document)
				? 'saving'
				: undefined;
		return { document, since, refusal, changes, reason: whyWaiting({ ...now, block, stored }) };
	});
	const known = new Set(waiting.map(({ document }) => document));
	const unstored = notSaved
		.filter((document) => !known.has(document))
		.map((document): WaitingLine => {
			const reason = whyWaiting({ ...now, block: null, stored: 'not saved' });
			return { document, since: null, refusal: null, changes: undefined, reason };
		});
	const isUnstored = ({ reason }: WaitingLine) => reason === 'no-room' || reason === 'not-saved';
	return [...unstored, ...lines.filter(isUnstored), ...lines.filter((line) => !isUnstored(line))];
}

const partWords: Readonly<Record<Part, string>> = {
	answers: 'answers',
	verdicts: 'verdicts',
	notes: 'notes',
};

/** Which batch and what of it, by the name of a document. */
export function documentWords(
	document: string,
	batchNames: ReadonlyMap<string, string>,
): {
	readonly batch: string;
	readonly what: string;
	readonly project: string;
	readonly path: string;
} {
	const name = parseDocumentName(document);
	if (!name) return { batch: document, what: '', project: '', path: '/projects' };
	return {
		batch: batchNames.get(name.batch) ?? name.batch,
		what: partWords[name.part],
		project: name.project,
		path: `/projects/${name.project}/label/${name.batch}`,
	};
}

/** A name for a file of work: what it is, whose, of which day. */
export function workFileName(what: 'unsent' | 'not-accepted', user: string, at: Date): string {
	const who = user.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 24);
	return `${what}-${who}-${at.toISOString().slice(0, 10)}.json`;
}
