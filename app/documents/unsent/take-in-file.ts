import { may } from '#shared/access/access.ts';
import { parseDocumentName, type DocumentName } from '#shared/wire/document-name.ts';
import { accessTo } from '../access-to.ts';
import type { Documents } from '../documents.ts';
import { rewrite } from './rewrite.ts';
import { planTakeIn, type TakeInPlan } from './take-in.ts';
import type { WorkDocument, WorkFile } from './work-file.ts';

/** What can be done with one document of a file. */
export type PlannedWork = { readonly name: DocumentName } & (
	| { readonly kind: 'ready'; readonly plan: TakeInPlan }
	/** This person may not write the document, or does not know the batch. */
	| { readonly kind: 'not-yours' }
	/** What the server has must be here first, so that what is missing is known to be missing. */
	| { readonly kind: 'needs-server' }
);

interface TakeInFileInput {
	readonly documents: Documents;
	readonly file: WorkFile;
	readonly limitMs?: number;
}

/** Says what taking in a file would write, and writes nothing. */
export async function planFile(input: TakeInFileInput): Promise<PlannedWork[]> {
	const planned: PlannedWork[] = [];
	for (const work of merged(input.file)) planned.push(await visit(input, work, () => undefined));
	return planned;
}

/**
 * Takes in a file: what is missing is written as values, as this device's own changes, and travels to the
 * server like any other. Planned anew against what the documents hold by now. Answers how many entries were
 * written; doing it again writes nothing.
 */
export async function takeInFile(input: TakeInFileInput): Promise<number> {
	let count = 0;
	for (const work of merged(input.file))
		await visit(input, work, async ({ own, adopted }) => {
			const entries = [...own, ...[...adopted.values()].flat()];
			if (entries.length === 0) return;
			const handle = input.documents.acquire(work.document);
			handle.transact((doc) => rewrite(doc, entries));
			await input.documents.find(work.document)!.log.whenWritten();
			handle.release();
			count += entries.length;
		});
	return count;
}

async function visit(
	{ documents, file, limitMs = 10_000 }: TakeInFileInput,
	work: WorkDocument,
	act: (plan: TakeInPlan) => Promise<void> | void,
): Promise<PlannedWork> {
	const { replica, user: me } = documents;
	const name = parseDocumentName(work.document)!;
	if ((await accessTo(replica, work.document, me)) !== 'write') return { name, kind: 'not-yours' };
	const project = await replica.projects.get(name.project);
	const mayAdopt = project !== undefined && may(project.role, 'lead', project.hasCode);
	const handle = documents.open(work.document);
	try {
		const document = documents.find(work.document)!;
		if (!(await isHere(() => document.whenOnDevice(AbortSignal.timeout(limitMs)))))
			return { name, kind: 'needs-server' };
		const { part } = name;
		const author = file.by.id;
		const plan = planTakeIn({ work, part, author, present: handle.doc, me, mayAdopt });
		await act(plan);
		return { name, kind: 'ready', plan };
	} finally {
		handle.release();
	}
}

/** Each document once: what was moved aside may stand in a file beside what waits. */
function merged(file: WorkFile): WorkDocument[] {
	return [...Map.groupBy(file.documents, ({ document }) => document).values()].map((same) => {
		const entries: Record<string, Record<string, unknown>> = {};
		for (const work of same)
			for (const [map, values] of Object.entries(work.entries))
				entries[map] = { ...values, ...entries[map] };
		return { ...same[0]!, entries };
	});
}

async function isHere(wait: () => Promise<void>): Promise<boolean> {
	try {
		await wait();
		return true;
	} catch {
		return false; // the time is over: nobody answered
	}
}
