import Dexie from 'dexie';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import { openReplica, replicaName, type Replica } from '#app/replica/database.ts';
import type { Documents } from './documents.ts';
import { readDocument } from './export-work.ts';
import { mayRewrite, rewrite, unsentEntries } from './rewrite.ts';

const doneKey = 'carried-over-to';

/**
 * After the server was restored from a backup it has a new epoch, and this device a new database. What
 * this person wrote under earlier epochs is looked through once: what the restored server does not have,
 * whether it was unsent or acknowledged after the backup was made, is written again as values. Sending
 * the old bytes would mix two histories. Answers how many entries were written; what could not be reached
 * yet is looked through again the next time.
 */
export async function carryOver(
	documents: Documents,
	epoch: string,
	signal: AbortSignal,
): Promise<number> {
	let count = 0;
	for (const earlier of await earlierEpochs(documents.user, epoch)) {
		const replica = openReplica(earlier, documents.user);
		try {
			const done = await replica.settings.get(doneKey);
			if (done?.value === epoch) continue;
			for (const name of await replica.documents.toCollection().primaryKeys())
				count += await carryDocument(documents, replica, name, signal);
			await replica.settings.put({ key: doneKey, value: epoch });
		} finally {
			replica.close();
		}
	}
	return count;
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

async function carryDocument(
	documents: Documents,
	from: Replica,
	name: string,
	signal: AbortSignal,
): Promise<number> {
	const part = parseDocumentName(name)?.part;
	if (!part) return 0;
	const old = await readDocument(from, name);
	const handle = documents.open(name);
	try {
		await documents.find(name)!.whenOnDevice(signal);
		const fresh = handle.doc;
		const missing = unsentEntries(old, fresh, part).filter(
			(entry) =>
				mayRewrite(entry, fresh, documents.user) &&
				entry.value !== undefined &&
				// Whose draft it was nobody knows any more: it only fills what is empty.
				(entry.map !== 'draft' || !fresh.getMap(entry.map).has(entry.key)),
		);
		if (missing.length > 0) handle.transact((doc) => rewrite(doc, missing));
		await documents.find(name)!.log.whenWritten();
		return missing.length;
	} finally {
		handle.release();
		old.destroy();
	}
}
