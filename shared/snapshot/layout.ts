import type { Answer } from '../schema/answer.ts';
import { canonicalAnswer } from '../schema/answer.ts';
import type { Item } from '../schema/item.ts';
import type { Schema } from '../schema/schema.ts';
import { canonicalJson, type Json } from '../numbers/canonical-json.ts';
import { sha256Hex } from '../numbers/hash.ts';
import type { Split } from '../numbers/split.ts';

/**
 * A snapshot's tree (design §5), a function of the corpus alone, byte for byte:
 *
 *     dataset.json                      schema, counts, classes
 *     items/<shard>.jsonl               corpus lines of train and valid
 *     gate/<shard>.jsonl                corpus lines of gate
 *     pool/<shard>.jsonl                items without an answer, of every split
 *     media/<2 hex>/<sha256>.<ext>      LFS pointers
 *     .gitattributes
 *
 * Lines are sorted by id and end with LF; a shard without lines has no file. A shard's name has base-4
 * digits because git's name hash keeps two bits of each of the last characters: neighbours in base 4 never
 * collide, so a small change is packed as a delta of kilobytes.
 */

/** Base-4 digits of the longest shard name; every shorter one is a prefix of it. */
const allDigits = 6;
const itemsPerShard = 400;

/** The finest shard of an item, 0 … 4095: the first six base-4 digits of `sha256("shard:" + id)`. */
export function shardOf(id: string): number {
	return parseInt(sha256Hex(`shard:${id}`).slice(0, 3), 16);
}

/** How many digits shard names have in a project of that many items (withdrawn ones left out): 2 … 6. */
export function shardDigits(itemCount: number): number {
	let digits = 2;
	while (digits < allDigits && itemsPerShard * 4 ** digits < itemCount) digits += 1;
	return digits;
}

/** The file of a finest shard under that many digits: `0312.jsonl`. Neighbours share a file when digits < 6. */
export function shardFileName(shard: number, digits: number): string {
	return `${shard.toString(4).padStart(allDigits, '0').slice(0, digits)}.jsonl`;
}

/** The finest shards that one file holds under that many digits, as a half-open range of `shardOf`. */
export function shardRange(fileName: string): { readonly from: number; readonly to: number } {
	const name = fileName.replace(/\.jsonl$/, '');
	const width = 4 ** (allDigits - name.length);
	const from = parseInt(name, 4) * width;
	return { from, to: from + width };
}

/** The folder of an item's line: the gate's answers stay apart, what has no answer is the pool. */
export function folderOf(split: Split, hasAnswer: boolean): 'items' | 'gate' | 'pool' {
	if (!hasAnswer) return 'pool';
	return split === 'gate' ? 'gate' : 'items';
}

/** The current answer of an item, as its line carries it. */
export interface LineAnswer {
	readonly answer: Answer;
	/** User ids. */
	readonly by: readonly string[];
	readonly source: 'human' | 'import' | 'skim';
	readonly at: string;
}

/** The line of an item with an answer, without its LF: id, data, meta, group, split, answer, by, source, at. */
export function corpusLine(item: Item, current: LineAnswer): string {
	const by = canonicalJson([...current.by].sort());
	const { source, at } = current;
	return `{${itemMembers(item)},"answer":${canonicalAnswer(current.answer)},"by":${by},"source":"${source}","at":${canonicalJson(at)}}`;
}

/** The line of an item without an answer, without its LF: id, data, meta, group, split. */
export function poolLine(item: Item): string {
	return `{${itemMembers(item)}}`;
}

function itemMembers({ id, data, meta, group, split }: Item): string {
	const members = [`"id":${canonicalJson(id)}`, `"data":${canonicalJson(data)}`];
	if (meta !== undefined) members.push(`"meta":${canonicalJson(meta)}`);
	if (group !== undefined) members.push(`"group":${canonicalJson(group)}`);
	members.push(`"split":"${split}"`);
	return members.join(',');
}

const extensions: Readonly<Record<string, string>> = {
	'image/jpeg': 'jpg',
	'image/svg+xml': 'svg',
	'audio/mpeg': 'mp3',
	'audio/x-wav': 'wav',
	'video/quicktime': 'mov',
	'text/plain': 'txt',
};

/** Where the bytes of a medium lie in the tree: `media/ab/ab….png`; an unknown type gets `.bin`. */
export function mediaPath(sha256: string, type: string): string {
	const subtype = /^(?:image|audio|video)\/([a-z0-9]{2,5})$/.exec(type)?.[1];
	return `media/${sha256.slice(0, 2)}/${sha256}.${extensions[type] ?? subtype ?? 'bin'}`;
}

/** The text that git keeps in place of bytes that LFS holds. */
export function lfsPointer(sha256: string, sizeBytes: number): string {
	return `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${sizeBytes}\n`;
}

/** Reads an LFS pointer; undefined for anything else. */
export function parseLfsPointer(
	text: string,
): { readonly sha256: string; readonly sizeBytes: number } | undefined {
	const match =
		/^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n$/.exec(
			text,
		);
	return match ? { sha256: match[1]!, sizeBytes: Number(match[2]) } : undefined;
}

/** `.gitattributes` of a snapshot: lines are never converted, media are LFS. */
export const gitAttributes = `*.json -text
*.jsonl -text
media/** filter=lfs diff=lfs merge=lfs -text
`;

/** What a snapshot says of itself. */
export interface Dataset {
	readonly schema: Schema;
	readonly schemaVersion: number;
	readonly counts: Readonly<Record<Split | 'pool', number>>;
	/** Current answers by tool and option, gate left out or in as the caller counted. */
	readonly classes: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** `dataset.json`, whatever order the caller's keys came in. */
export function datasetJson({ schema, schemaVersion, counts, classes }: Dataset): string {
	const { train, valid, gate, pool } = counts;
	const dataset = {
		schema: sorted(schema as Json),
		schemaVersion,
		counts: { train, valid, gate, pool },
		classes: sorted(classes),
	};
	return `${JSON.stringify(dataset, null, 2)}\n`;
}

function sorted(value: Json): Json {
	return JSON.parse(canonicalJson(value)) as Json;
}
