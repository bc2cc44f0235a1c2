import { exportWork, type ExportInput } from '#app/documents/unsent/export-work.ts';
import type { SignedInContext } from './app-context.ts';
import { saveFile } from './save-file.ts';
import { workFileName } from './waiting-words.ts';

/** Saves work of this person as a file: documents by name, and what the server did not accept. */
export async function saveWork(
	{ me, documents }: Pick<SignedInContext, 'me' | 'documents'>,
	what: Omit<ExportInput, 'by'>,
): Promise<void> {
	const { id, name } = me.user;
	const file = await exportWork(documents, { by: { id, name }, ...what });
	const kind = what.names?.length ? 'unsent' : 'not-accepted';
	saveFile(file, workFileName(kind, id, new Date()));
}
