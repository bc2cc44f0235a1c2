import { parseDocumentName } from '#shared/wire/document-name.ts';
import type { RefusedRow } from '#app/replica/database.ts';

/** What the server did not accept, as a file that its author can hand to a lead. */
export function refusedExport(row: RefusedRow): {
	readonly fileName: string;
	readonly json: string;
} {
	const name = parseDocumentName(row.document);
	const stem = name ? `${name.project}-${name.part}` : 'document';
	return {
		fileName: `not-accepted-${stem}-${row.at.slice(0, 10)}.json`,
		json: JSON.stringify(
			{
				document: row.document,
				at: row.at,
				code: row.code,
				reason: row.reason,
				notAccepted: row.notAccepted,
				/** The whole document as it was, so that nothing is lost whatever the list says. */
				yjsUpdateV2: base64(row.data),
			},
			null,
			'\t',
		),
	};
}

function base64(bytes: Uint8Array): string {
	let text = '';
	for (const byte of bytes) text += String.fromCharCode(byte);
	return btoa(text);
}
