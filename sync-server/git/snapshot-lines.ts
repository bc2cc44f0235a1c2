import { corpusLine, poolLine } from '#shared/snapshot/layout.ts';
import { sameAnswer, type Answer } from '#shared/schema/answer.ts';
import { mediaOf, type Item, type ItemData, type Media } from '#shared/schema/item.ts';
import type { FrozenItem } from '../tables/snapshots.ts';

/** The line of an item in a snapshot, and the media it names. */
export function writeLine(frozen: FrozenItem): { readonly line: string; readonly media: Media[] } {
	const item = itemOf(frozen);
	const media = frozen.data.includes('"blob"') ? mediaOf(item.data) : [];
	const { answer, by, source, at } = frozen;
	if (answer === null) return { line: poolLine(item), media };
	const line = corpusLine(item, {
		answer: JSON.parse(answer) as Answer,
		by: JSON.parse(by ?? '[]') as string[],
		source: source ?? 'human',
		at: at ?? '',
	});
	return { line, media };
}

function itemOf({ id, data, meta, group, split }: FrozenItem): Item {
	return {
		id,
		data: JSON.parse(data) as ItemData,
		...(meta === null ? {} : { meta: JSON.parse(meta) as NonNullable<Item['meta']> }),
		...(group === null ? {} : { group }),
		split,
	};
}

/** The lines of a shard file by item id. */
export type Lines = Map<string, string>;

/** Every line begins `{"id":"…"`, and an id has nothing to escape. */
export function readLines(text: string): Lines {
	const lines: Lines = new Map();
	for (const line of text.split('\n'))
		if (line !== '') lines.set(line.slice(7, line.indexOf('"', 7)), line);
	return lines;
}

/** The text of a shard file, undefined for a file without lines: there is none then. */
export function writeLines(lines: Lines): string | undefined {
	if (lines.size === 0) return undefined;
	const sorted = [...lines].sort(([a], [b]) => (a < b ? -1 : 1));
	return `${sorted.map(([, line]) => line).join('\n')}\n`;
}

export function answerOf(line: string): Answer {
	return (JSON.parse(line) as { answer: Answer }).answer;
}

/** What became of answers since the parent snapshot. */
export interface Changed {
	added: number;
	changed: number;
	removed: number;
}

/** Counts what became of one item's answer, by its corpus lines before and after. */
export function countChange(
	changed: Changed,
	before: string | undefined,
	after: string | undefined,
): void {
	if (before === after) return;
	if (before === undefined) changed.added += 1;
	else if (after === undefined) changed.removed += 1;
	else if (!sameAnswer(answerOf(before), answerOf(after))) changed.changed += 1;
}
