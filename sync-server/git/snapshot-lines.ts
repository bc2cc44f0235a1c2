import { corpusLine, folderOf, poolLine, shardFileName } from '#shared/snapshot/layout.ts';
import { sameAnswer, type Answer } from '#shared/schema/answer.ts';
import { mediaOf, type Item, type ItemData, type Media } from '#shared/schema/item.ts';
import type { FrozenItem } from '../tables/snapshots.ts';

/** What became of answers since the parent snapshot. */
export interface Changed {
	added: number;
	changed: number;
	removed: number;
}

/** The files of some shards: path → text, and the media that their items name. */
export interface ShardFiles {
	readonly files: ReadonlyMap<string, string>;
	readonly media: readonly Media[];
}

/** Writes items as the files of a snapshot. The items of one file must all be among them, in any order. */
export function shardFiles(items: readonly FrozenItem[], digits: number): ShardFiles {
	const lines = new Map<string, { id: string; line: string }[]>();
	const media: Media[] = [];
	for (const frozen of items) {
		const item = itemOf(frozen);
		if (frozen.data.includes('"blob"')) media.push(...mediaOf(item.data));
		const path = `${folderOf(frozen.split, frozen.answer !== null)}/${shardFileName(frozen.shard, digits)}`;
		const line = lineOf(item, frozen);
		const file = lines.get(path);
		if (file) file.push({ id: frozen.id, line });
		else lines.set(path, [{ id: frozen.id, line }]);
	}
	const files = new Map<string, string>();
	for (const [path, file] of lines) {
		file.sort((a, b) => (a.id < b.id ? -1 : 1));
		files.set(path, `${file.map(({ line }) => line).join('\n')}\n`);
	}
	return { files, media };
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

function lineOf(item: Item, { answer, by, source, at }: FrozenItem): string {
	if (answer === null) return poolLine(item);
	return corpusLine(item, {
		answer: JSON.parse(answer) as Answer,
		by: JSON.parse(by ?? '[]') as string[],
		source: source ?? 'human',
		at: at ?? '',
	});
}

/** Counts answers that came, differ or went between two versions of the same shards' corpus files. */
export function countChanges(
	before: readonly string[],
	after: readonly string[],
	changed: Changed,
): void {
	const old = new Map<string, string>();
	for (const line of before.flatMap(linesOf)) old.set(idOf(line), line);
	for (const line of after.flatMap(linesOf)) {
		const id = idOf(line);
		const then = old.get(id);
		old.delete(id);
		if (then === undefined) changed.added += 1;
		else if (then !== line && !sameAnswer(answerOf(then), answerOf(line))) changed.changed += 1;
	}
	changed.removed += old.size;
}

function linesOf(text: string): string[] {
	return text.split('\n').slice(0, -1);
}

/** Every line begins `{"id":"…"`, and an id has nothing to escape. */
function idOf(line: string): string {
	return line.slice(7, line.indexOf('"', 7));
}

function answerOf(line: string): Answer {
	return (JSON.parse(line) as { answer: Answer }).answer;
}
