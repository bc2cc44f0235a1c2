import Dexie from 'dexie';
import * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import { refusals } from '#shared/wire/close-codes.ts';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import { openReplica, replicaName, type Replica } from '#app/replica/database.ts';
import type { BroughtBackResult, LostDocument } from './bring-back.ts';
import type { Documents } from '../documents.ts';
import { readDocument } from '../unsent/export-work.ts';
import { mayRewrite, rewrite, unsentEntries, type UnsentEntry } from '../unsent/rewrite.ts';

const doneKey = 'carried-over-to';
/** The same of one document, so that who is cut off goes on from there. */
const doneKeyOf = (name: string): string => `${doneKey}:${name}`;
const triesKey = 'carried-over-tries';
const notTaken = {
	code: refusals.foreignClient.code,
	reason: 'The server lost this when it was restored, and could not take it back',
} as const;

export interface CarryOverInput {
	readonly epoch: string;
	readonly signal: AbortSignal;
	/** Brings back the structs of a document; without it own work is written again as values alone. */
	readonly bringBack?: (lost: LostDocument) => Promise<BroughtBackResult>;
}

export interface CarriedOver {
	/** How many entries were written again as values. */
	readonly rewritten: number;
	/** Documents of which something may be taken later, when others have brought theirs. */
	readonly waiting: number;
}

/**
 * After the server was restored from a backup it has a new epoch, and this device a new database. What was
 * written under earlier epochs is looked through. While the server takes back what it lost, a document goes
 * there as the structs it was written with: the restored one has the same history up to the backup, so they
 * merge, and twice is once. What is this person's own and did not come through so, unsent or acknowledged, is
 * written again as values where the server has nothing under its key. What is left is listed as not accepted.
 * What could not be reached yet is looked through again the next time.
 */
export async function carryOver(documents: Documents, input: CarryOverInput): Promise<CarriedOver> {
	let [rewritten, waiting] = [0, 0];
	for (const earlier of await earlierEpochs(documents.user, input.epoch)) {
		const replica = openReplica(earlier, documents.user);
		try {
			if (await isSet(replica, doneKey, input.epoch)) continue;
			const carrying = new Carrying(documents, replica, input);
			const tries = (await replica.settings.get(triesKey))?.value;
			carrying.isAgain = typeof tries === 'number' && tries > 0;
			for (const name of await replica.documents.toCollection().primaryKeys())
				await carrying.carry(name);
			rewritten += carrying.rewritten;
			waiting += carrying.waiting;
			if (carrying.waiting === 0) await replica.settings.put({ key: doneKey, value: input.epoch });
			else await replica.settings.put({ key: triesKey, value: 1 });
		} finally {
			replica.close();
		}
	}
	return { rewritten, waiting };
}

async function isSet(replica: Replica, key: string, value: string): Promise<boolean> {
	return (await replica.settings.get(key))?.value === value;
}

/** Epochs under which this person has a database on this device. */
async function earlierEpochs(user: string, epoch: string): Promise<string[]> {
	const [prefix, suffix] = [replicaName('', '').slice(0, -1), `-${user}`];
	const names = await Dexie.getDatabaseNames();
	return names
		.filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
		.map((name) => name.slice(prefix.length, name.length - suffix.length))
		.filter((earlier) => earlier !== epoch && earlier !== '');
}

/** One earlier database on its way to the restored server. */
class Carrying {
	rewritten = 0;
	waiting = 0;
	/** Others have had time to bring theirs: what is left now is listed. */
	isAgain = false;
	readonly #documents: Documents;
	readonly #from: Replica;
	readonly #input: CarryOverInput;

	constructor(documents: Documents, from: Replica, input: CarryOverInput) {
		this.#documents = documents;
		this.#from = from;
		this.#input = input;
	}

	async carry(name: string): Promise<void> {
		const part = parseDocumentName(name)?.part;
		if (!part || (await isSet(this.#from, doneKeyOf(name), this.#input.epoch))) return;
		const waiting = this.waiting;
		const doc = await readDocument(this.#from, name);
		const { ownClients = [], isDirty } = (await this.#from.documents.get(name))!;
		const brought = await this.#input.bringBack?.({ name, doc, ownClients });
		try {
			await this.#carryDocument({ name, part, old: doc, brought, isDirty: isDirty === 1 });
		} finally {
			if (brought?.kind === 'done') brought.state.destroy();
			doc.destroy();
		}
		if (this.waiting === waiting)
			await this.#from.settings.put({ key: doneKeyOf(name), value: this.#input.epoch });
	}

	async #carryDocument(lost: OldDocument): Promise<void> {
		const { name, part, old, brought } = lost;
		if (brought?.kind === 'missing') return this.#listGone(lost);
		const handle = this.#documents.open(name);
		try {
			const isThere = await this.#documents.find(name)!.whenOnDeviceOrGone(this.#input.signal);
			if (!isThere) return await this.#listGone(lost);
			const state = brought?.kind === 'done' ? brought.state : handle.doc;
			const lacking = unsentEntries(old, state, part);
			const missing = this.#own(lacking).filter((entry) =>
				[state, handle.doc].every((one) => isMissingIn(one, entry, this.#documents.user)),
			);
			if (missing.length > 0) handle.transact((doc) => rewrite(doc, missing));
			this.rewritten += missing.length;
			await this.#documents.find(name)!.log.whenWritten();
			if (brought?.kind !== 'done') return;
			const left = lacking.filter((entry) => isLeft(entry, missing, state));
			if (left.length > 0) this.waiting++;
			if (this.isAgain || left.length === 0) await this.#list(name, old, left);
		} finally {
			handle.release();
		}
	}

	/** Own work of a document that is not there any more, unless it was out of reach before the restore. */
	async #listGone({ name, part, old, isDirty }: OldDocument): Promise<void> {
		const wasTheirs = await this.#from.batches.get(parseDocumentName(name)!.batch);
		if (!wasTheirs && !isDirty) return;
		await this.#list(name, old, this.#own(unsentEntries(old, new Y.Doc(), part)));
	}

	#own(entries: readonly UnsentEntry[]): UnsentEntry[] {
		const nothing = new Y.Doc();
		return entries.filter(
			(entry) => entry.value !== undefined && mayRewrite(entry, nothing, this.#documents.user),
		);
	}

	/** Lists what the server did not take, in place of what was listed before; nothing takes it off the list. */
	async #list(name: string, old: Y.Doc, left: readonly UnsentEntry[]): Promise<void> {
		const { refused } = this.#documents.replica;
		await this.#documents.replica.transaction('rw', refused, async () => {
			await refused
				.where('document')
				.equals(name)
				.and(({ reason }) => reason === notTaken.reason)
				.delete();
			if (left.length === 0) return;
			await refused.add({
				document: name,
				at: new Date().toISOString(),
				...notTaken,
				data: Y.encodeStateAsUpdateV2(old),
				notAccepted: left.map(({ key, value }) => ({ key, value: value ?? null })),
			});
		});
	}
}

interface OldDocument {
	readonly name: string;
	readonly part: Part;
	readonly old: Y.Doc;
	readonly brought: BroughtBackResult | undefined;
	/** It has changes that the server never confirmed. */
	readonly isDirty: boolean;
}

/** Whose draft it was nobody knows any more: it only fills what is empty. */
function isMissingIn(doc: Y.Doc, entry: UnsentEntry, user: string): boolean {
	const has = doc.getMap(entry.map).has(entry.key);
	return mayRewrite(entry, doc, user) && (entry.map !== 'draft' || !has);
}

/** Drafts that something newer stands in the place of are not missed. */
function isLeft(entry: UnsentEntry, rewritten: readonly UnsentEntry[], state: Y.Doc): boolean {
	if (entry.value === undefined || rewritten.includes(entry)) return false;
	return !state.getMap(entry.map).has(entry.key);
}

const broughtForKey = 'brought-back-for';

/**
 * The same server, put back to an older state: everything this device has goes through the same door, once for
 * each time that happened. What is in a page goes over its socket, too.
 */
export async function bringBackHere(
	documents: Documents,
	recovers: string,
	bringBack: NonNullable<CarryOverInput['bringBack']>,
): Promise<void> {
	const { replica } = documents;
	if (await isSet(replica, broughtForKey, recovers)) return;
	for (const name of await replica.documents.toCollection().primaryKeys()) {
		const key = `${broughtForKey}:${name}`;
		if (await isSet(replica, key, recovers)) continue;
		const { ownClients } = (await replica.documents.get(name))!;
		const doc = await readDocument(replica, name);
		const brought = await bringBack({ name, doc, ownClients: ownClients ?? [] });
		if (brought.kind === 'done') brought.state.destroy();
		doc.destroy();
		await replica.settings.put({ key, value: recovers });
	}
	await replica.settings.put({ key: broughtForKey, value: recovers });
	documents.wake();
}
