import type * as Y from 'yjs';
import type { Part } from '#shared/access/access.ts';
import {
	noteShape,
	submittedShape,
	verdictShape,
	type Note,
	type Submitted,
} from '#shared/corpus/submission.ts';
import { sha256Hex } from '#shared/numbers/hash.ts';
import {
	parseValueKey,
	parseVerdictKey,
	rootMaps,
	verdictKey,
} from '#shared/wire/document-shape.ts';
import type { UnsentEntry } from './rewrite.ts';
import type { WorkDocument } from './work-file.ts';

export interface TakeInInput {
	readonly work: WorkDocument;
	readonly part: Part;
	/** Who saved the file: whose its drafts are. */
	readonly author: string;
	/** The document as it is now, with everything the server has. */
	readonly present: Y.Doc;
	readonly me: string;
	/** Whether other people's work may be taken in: it then becomes one's own. */
	readonly mayAdopt: boolean;
}

/** What taking in one document of a file would write, and what it would not. */
export interface TakeInPlan {
	/** What is written, as it was, in one's own name. */
	readonly own: readonly UnsentEntry[];
	/** Other people's work, by author; written by and in the name of who takes it in. */
	readonly adopted: ReadonlyMap<string, readonly UnsentEntry[]>;
	/** Entries that are there already. */
	readonly known: number;
	/** Entries of others that this person may not take in. */
	readonly foreign: number;
	/** Entries that are none. */
	readonly unreadable: number;
}

/**
 * Decides, entry by entry, what of a file is missing in the document. Who wrote a thing is who owns the
 * Yjs client that writes it (S6), so nobody can write in another's name: what a lead takes in from another
 * member is the lead's, under an id that both files and leads always make alike, so that doing it twice
 * writes nothing twice. A draft only fills what is empty.
 */
export function planTakeIn(input: TakeInInput): TakeInPlan {
	const { work, part, author, present, me, mayAdopt } = input;
	const own: UnsentEntry[] = [];
	const adopted = new Map<string, UnsentEntry[]>();
	const counts = { known: 0, foreign: 0, unreadable: 0 };
	const put = (by: string, mine: UnsentEntry, theirs: UnsentEntry): void => {
		const has = ({ map, key }: UnsentEntry) => present.getMap(map).has(key);
		if (has(mine)) counts.known++;
		else if (by === me) own.push(mine);
		else if (!mayAdopt) counts.foreign++;
		else if (has(theirs)) counts.known++;
		else adopted.set(by, [...(adopted.get(by) ?? []), theirs]);
	};
	const authors = authorsIn(work);
	/** What others drafted says nothing any more where they submitted. */
	const said = new Set(
		Object.values(work.entries['submitted'] ?? {}).map(
			(value) => (value as { item?: string })?.item,
		),
	);
	/** The id under which an entry of the file is, or will be, there. */
	const idOf = (id: string): string =>
		(authors.get(id) ?? me) === me || isPresent(id) ? id : adoptedId(id, me);
	const isPresent = (id: string) => rootMaps[part].some((map) => present.getMap(map).has(id));

	for (const map of rootMaps[part])
		for (const [key, value] of Object.entries(work.entries[map] ?? {}))
			switch (map) {
				case 'submitted': {
					const entry = submittedShape.safeParse(value);
					if (!entry.success) counts.unreadable++;
					else {
						const after = [...new Set(entry.data.after.flatMap((id) => [id, idOf(id)]))];
						const theirs: Submitted = { ...entry.data, by: me, after: after.slice(-1000) };
						const mine = { map, key, value: entry.data };
						put(entry.data.by, mine, { map, key: adoptedId(key, me), value: theirs });
					}
					break;
				}
				case 'note': {
					const entry = noteShape.safeParse(value);
					if (!entry.success) counts.unreadable++;
					else {
						const { replyTo, resolves } = entry.data;
						const theirs: Note = {
							...entry.data,
							by: me,
							...(replyTo === undefined ? {} : { replyTo: idOf(replyTo) }),
							...(resolves === undefined ? {} : { resolves: idOf(resolves) }),
						};
						const mine = { map, key, value: entry.data };
						put(entry.data.by, mine, { map, key: adoptedId(key, me), value: theirs });
					}
					break;
				}
				case 'verdict': {
					const name = parseVerdictKey(key);
					const entry = verdictShape.safeParse(value);
					if (!name || !entry.success) counts.unreadable++;
					else {
						const mine = { map, key, value: entry.data };
						put(name.user, mine, { ...mine, key: verdictKey(name.item, name.submission, me) });
					}
					break;
				}
				case 'draft':
					if (!itemOf(key)) counts.unreadable++;
					else if (author === me || !said.has(itemOf(key)))
						put(author, { map, key, value }, { map, key, value });
					break;
			}
	return { own, adopted, ...counts };
}

function authorsIn({ entries }: WorkDocument): ReadonlyMap<string, string> {
	const authored = Object.entries({ ...entries['submitted'], ...entries['note'] });
	return new Map(authored.map(([id, value]) => [id, (value as { by?: string } | null)?.by ?? '']));
}

function itemOf(draftKey: string): string | undefined {
	return parseValueKey(draftKey)?.item;
}

function adoptedId(id: string, me: string): string {
	return `taken-${sha256Hex(`${id} ${me}`).slice(0, 32)}`;
}
