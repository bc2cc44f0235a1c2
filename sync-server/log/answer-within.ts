import type { Cursor } from '#shared/wire/cursor.ts';
import {
	UnreadableDocument,
	type SinceAnswer,
	type SinceQuestion,
	type UpdatesSince,
} from './update-log.ts';

/** Answers questions one by one until so many bytes were found; the rest is left for later. */
export function answerWithin(
	questions: readonly SinceQuestion[],
	limitBytes: number,
	since: (document: string, cursor: Cursor) => UpdatesSince | undefined,
): SinceAnswer[] {
	let bytes = 0;
	return questions.map(({ document, cursor }) => {
		if (bytes >= limitBytes) return { kind: 'later' };
		try {
			const found = since(document, cursor);
			if (!found) return { kind: 'unknown' };
			for (const { length } of found.updates) bytes += length;
			return { kind: 'since', ...found };
		} catch (error) {
			if (error instanceof UnreadableDocument) return { kind: 'unreadable' };
			throw error;
		}
	});
}
