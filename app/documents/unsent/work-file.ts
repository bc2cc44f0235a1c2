import { z } from 'zod';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import { spell } from './spell.ts';

/**
 * Work that its author hands over as a file:
 *
 *     {"kind": "flywheel-work", "version": 1, "by": {"id", "name"}, "at": ISO time, "documents": [
 *       {"document": "<project>/<batch>/<part>", "entries": {"<root map>": {"<key>": value}},
 *        "refused"?: {at, code, reason, notAccepted: [{key, value}]}, "yjsUpdateV2": base64}]}
 *
 * `entries` is what a person and this program read; the Yjs state beside it is for the worst day, by hand.
 */
const workDocumentShape = z.object({
	document: z.string().refine((name) => parseDocumentName(name) !== undefined, 'no document name'),
	entries: z.record(z.string(), z.record(z.string(), z.unknown())),
	refused: z
		.object({
			at: z.string(),
			code: z.number(),
			reason: z.string(),
			notAccepted: z.array(z.object({ key: z.string(), value: z.unknown() })),
		})
		.optional(),
	yjsUpdateV2: z.string(),
});
const workFileShape = z.object({
	kind: z.literal('flywheel-work'),
	version: z.literal(1),
	by: z.object({ id: z.string().max(64), name: z.string().max(200) }),
	at: z.iso.datetime(),
	documents: z.array(workDocumentShape).max(10_000),
});

export type WorkDocument = z.infer<typeof workDocumentShape>;
export type WorkFile = z.infer<typeof workFileShape>;

/** Prints work as a file. */
export function printWorkFile(file: Omit<WorkFile, 'kind' | 'version'>): Blob {
	const text = spell({ kind: 'flywheel-work', version: 1, ...file }, '\t');
	return new Blob([text], { type: 'application/json' });
}

/** Reads such a file; throws an error that says what is wrong with it. */
export function parseWorkFile(text: string): WorkFile {
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch (error) {
		throw new Error('This file is not JSON, so it is no saved work.', { cause: error });
	}
	const file = workFileShape.safeParse(json);
	if (file.success) return file.data;
	const [{ path, message } = { path: [], message: '' }] = file.error.issues;
	throw new Error(`This file is no saved work: ${path.join('.') || 'it'}: ${message}`);
}
