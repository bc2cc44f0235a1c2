import { parts, type Part } from '../access/access.ts';

/** Which document of which batch. */
export interface DocumentName {
	readonly project: string;
	readonly batch: string;
	readonly part: Part;
}

const pattern = new RegExp(`^([a-z0-9-]{1,63})/([a-z0-9-]{1,64})/(${parts.join('|')})$`);

/** Reads `<project>/<batch>/<part>`; undefined for anything else. */
export function parseDocumentName(text: string): DocumentName | undefined {
	const match = pattern.exec(text);
	return match ? { project: match[1]!, batch: match[2]!, part: match[3] as Part } : undefined;
}

/** Prints a document name. */
export function formatDocumentName({ project, batch, part }: DocumentName): string {
	return `${project}/${batch}/${part}`;
}
