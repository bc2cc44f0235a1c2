import { bringerOf, isRecovered } from '#shared/corpus/recovered.ts';
import type { Refusal } from '#shared/wire/close-codes.ts';
import type { BroughtBack, LostClients } from '#shared/wire/brought-back.ts';
import type { ExchangeHost, Visit } from './exchange.ts';
import { limits } from '../gate/limits.ts';
import type { OpenDocument } from '../document/open-document.ts';

/** What became of what was brought back. */
export type BringBackReply =
	/** It is on disk; `known` where all of it was. */
	| { readonly kind: 'taken' | 'known' }
	/** There is no such document, or it is not theirs to write. */
	| { readonly kind: 'missing' }
	/** Something it builds on is not there, or rights changed meanwhile: look again at what is, and bring that. */
	| { readonly kind: 'again' }
	/** The disk takes nothing now. */
	| { readonly kind: 'unavailable' }
	| { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Whose Yjs client ids a document has, as far as somebody must know who brings something back: other people's,
 * of which nothing is taken from them, and those that were brought back before. Undefined where there is
 * nothing for them to write.
 */
export async function lostClients(
	host: ExchangeHost,
	visit: Visit,
): Promise<LostClients | undefined> {
	await visit.askRights(host);
	const { name, user } = visit;
	if (!name || !visit.mayWrite) return undefined;
	return host.use(visit.ask.name, name, (document) => {
		const others: number[] = [];
		const recovered: number[] = [];
		for (const [client, owner] of document.owners)
			if (bringerOf(owner) !== undefined) recovered.push(client);
			else if (owner !== user) others.push(client);
		return Promise.resolve({ others, recovered });
	});
}

/**
 * The Yjs client ids of what was brought back, by whoever: what it says of its author nobody can prove. Undefined
 * where there is nothing for them to read.
 */
export async function recoveredClients(
	host: ExchangeHost,
	visit: Visit,
): Promise<readonly number[] | undefined> {
	await visit.askRights(host);
	const { name } = visit;
	if (!name || !visit.mayRead) return undefined;
	return host.use(visit.ask.name, name, ({ owners }) =>
		Promise.resolve([...owners].flatMap(([client, owner]) => (isRecovered(owner) ? [client] : []))),
	);
}

/**
 * Takes back what the server lost, from whoever has it: by the same gate, rights and limits as any other write,
 * but for whose it is (S16). On disk when this resolves with `taken` or `known`.
 */
export async function bringBack(
	host: ExchangeHost,
	visit: Visit,
	{ ownClients, update }: BroughtBack,
): Promise<BringBackReply> {
	await visit.askRights(host);
	const { name } = visit;
	if (!name || !visit.mayWrite) return { kind: 'missing' };
	if (update.length > limits.step2Bytes) return { kind: 'refused', refusal: 'tooLarge' };
	return host.use(visit.ask.name, name, (document) =>
		take(host, visit, document, { update, ownClients }),
	);
}

async function take(
	host: ExchangeHost,
	visit: Visit,
	document: OpenDocument,
	{ update, ownClients }: Omit<BroughtBack, 'version'>,
): Promise<BringBackReply> {
	const { user, version } = visit;
	const verdict = await document.write(update.slice(), {
		user,
		version,
		ownClients: new Set(ownClients),
		mayWrite: () => visit.mayWrite,
	});
	switch (verdict.kind) {
		case 'ok':
		case 'known':
			if (!(await document.cursorOnDisk())) return { kind: 'unavailable' };
			return { kind: verdict.kind === 'ok' ? 'taken' : 'known' };
		case 'resync':
			return { kind: 'again' };
		case 'outdated':
			return { kind: 'refused', refusal: 'outdated' };
		case 'refuse': {
			if (visit.isStale) return { kind: 'again' };
			const { refusal } = verdict;
			host.counters.refused++;
			host.quarantine({ document: visit.ask.name, user, reason: refusal, data: update });
			return { kind: 'refused', refusal };
		}
	}
}
