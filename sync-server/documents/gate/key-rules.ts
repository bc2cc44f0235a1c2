import type { Part } from '#shared/access/access.ts';
import { isRecovered } from '#shared/corpus/recovered.ts';
import { noteShape, submittedShape, verdictShape } from '#shared/corpus/submission.ts';
import {
	authoredMaps,
	isTextRoot,
	parseVerdictKey,
	rootMaps,
} from '#shared/wire/document-shape.ts';

export type RootKind = 'map' | 'text';

/** What a root of this name holds in this part of a batch; undefined where there is no such root. */
export function rootKind(part: Part, root: string): RootKind | undefined {
	if ((rootMaps[part] as readonly string[]).includes(root)) return 'map';
	return part === 'answers' && isTextRoot(root) ? 'text' : undefined;
}

/** True for maps whose entries are deleted by nobody and changed only by their author (S6). */
export function isAuthored(root: string): boolean {
	return authoredMaps.includes(root);
}

const draftKey = /^[A-Za-z0-9._:-]{1,128}\/[rv]\/[^/\p{Cc}]{1,64}$/u;
const idKey = /^[A-Za-z0-9_-]{1,64}$/;

/** True when this author may write under this key of this root map, whatever the value. */
export function mayUseKey(root: string, key: string, author: string): boolean {
	switch (root) {
		case 'draft':
			return draftKey.test(key);
		case 'submitted':
		case 'note':
			return idKey.test(key);
		case 'verdict':
			return isRecovered(author)
				? parseVerdictKey(key) !== undefined
				: parseVerdictKey(key)?.user === author;
		default:
			return false;
	}
}

/** True when an entry of an authored map has the shape that everybody who reads it relies on. */
export function isEntry(root: string, value: unknown): boolean {
	switch (root) {
		case 'submitted':
			return submittedShape.safeParse(value).success;
		case 'verdict':
			return verdictShape.safeParse(value).success;
		case 'note':
			return noteShape.safeParse(value).success;
		default:
			return true;
	}
}
