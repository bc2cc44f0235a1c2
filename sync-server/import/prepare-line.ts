import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, type Json } from '#shared/numbers/canonical-json.ts';
import { splitOf } from '#shared/numbers/split.ts';
import { canonicalAnswer, misfits, type Answer } from '#shared/schema/answer.ts';
import {
	importLineShape,
	isItemId,
	mediaOf,
	mediaShape,
	type ItemData,
} from '#shared/schema/item.ts';
import type { Schema } from '#shared/schema/schema.ts';
import { shardOf } from '#shared/snapshot/layout.ts';
import { sha256Hex } from '#shared/numbers/hash.ts';
import type { LineRefusal, PreparedLine } from '../tables/imports.ts';

/** The most that `data` of one item may be, spelled canonically. */
const dataLimitBytes = 1024 * 1024;

/** A medium that came along in the same upload, by the path it had there. */
export interface UploadedMedium {
	readonly blob: string;
	readonly type: string;
}

export interface PrepareOptions {
	readonly schema: Schema;
	/** Hex key of the HMAC that names items without an id. */
	readonly itemKey: string;
	/** Media of the same upload by path; a text of `data` that is one of them becomes the medium. */
	readonly media?: ReadonlyMap<string, UploadedMedium>;
	/** The folder the lines' file lies in, with a slash at its end: paths may also be relative to it. */
	readonly folder?: string;
}

export type Prepared =
	| { readonly kind: 'row'; readonly row: PreparedLine }
	| { readonly kind: 'refused'; readonly refusal: LineRefusal };

// What JSON.parse returns is JSON already: only the shape above it is left to check.
const json = z.custom<Json>(() => true);
const lineShape = importLineShape.extend({
	data: z
		.record(z.string().min(1).max(64), json)
		.refine((data) => Object.keys(data).length > 0, 'data has no field'),
	meta: z.record(z.string(), json).optional(),
});

/** Checks one line of an import (design §5) and spells it as the tables keep it. */
export function prepareLine(line: number, text: string, options: PrepareOptions): Prepared {
	const refuse = (code: string, reason: string): Prepared => ({
		kind: 'refused',
		refusal: { line, code, reason },
	});
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		return refuse('bad_json', `Not JSON: ${(error as Error).message.slice(0, 200)}`);
	}
	const parsed = lineShape.safeParse(value);
	if (!parsed.success) {
		const [issue] = parsed.error.issues;
		const path = (issue?.path ?? []).map(String).join('.');
		return refuse('bad_shape', `${path === '' ? 'the line' : path}: ${issue?.message ?? 'wrong'}`);
	}
	const { answer } = parsed.data;
	const missing = badMedium(parsed.data.data, options);
	if (missing) return refuse(missing.code, missing.reason);
	const data = withMedia(parsed.data.data, options);
	try {
		const spelled = canonicalJson(data);
		if (spelled.length * 3 > dataLimitBytes && Buffer.byteLength(spelled) > dataLimitBytes)
			return refuse('too_large', 'data: more than 1 MiB');
		const [misfit] = answer ? misfits(answer, options.schema) : [];
		if (misfit) return refuse('bad_answer', `answer.${misfit.path}: ${misfit.message}`);
		return { kind: 'row', row: row(line, parsed.data, { data, spelled, answer }, options) };
	} catch (error) {
		if (error instanceof RangeError) return refuse('bad_shape', 'nested too deep');
		if (error instanceof TypeError) return refuse('bad_text', error.message);
		throw error;
	}
}

function row(
	line: number,
	given: z.output<typeof lineShape>,
	{ data, spelled, answer }: { data: ItemData; spelled: string; answer: Answer | undefined },
	{ itemKey }: PrepareOptions,
): PreparedLine {
	const source = given.id;
	const isKept = isItemId(source);
	const id = isKept
		? source
		: source === undefined
			? createHmac('sha256', Buffer.from(itemKey, 'hex')).update(spelled).digest('hex').slice(0, 32)
			: sha256Hex(`id:${source}`).slice(0, 32);
	const meta = isKept || source === undefined ? given.meta : { ...given.meta, sourceId: source };
	return {
		line,
		id,
		data: spelled,
		words: wordsOf(data).join('\n').toLowerCase(),
		meta: meta === undefined ? null : canonicalJson(meta),
		group: given.group ?? null,
		split: given.split ?? splitOf(given.group ?? id),
		shard: shardOf(id),
		media: mediaOf(data),
		answer: answer === undefined ? null : canonicalAnswer(answer),
	};
}

/** What a text of `data` names in the same upload, if it is a path there. */
function mediumAt(value: Json, { media, folder = '' }: PrepareOptions): UploadedMedium | undefined {
	if (!media || typeof value !== 'string') return undefined;
	const path = value.replace(/^\.\//, '');
	return media.get(folder + path) ?? media.get(path);
}

/** `data` with paths of the same upload replaced by what lies there. */
function withMedia(data: ItemData, options: PrepareOptions): ItemData {
	if (!options.media) return data;
	return Object.fromEntries(
		Object.entries(data).map(([field, value]) => {
			const medium = mediumAt(value, options);
			return [field, medium ? { blob: medium.blob, type: medium.type } : value];
		}),
	);
}

/** A field that is shown as an image and holds none. */
function badMedium(
	data: ItemData,
	options: PrepareOptions,
): { readonly code: string; readonly reason: string } | undefined {
	for (const { field, as } of options.schema.shows) {
		const value = data[field];
		if (as !== 'image' || value === undefined) continue;
		const medium = mediumAt(value, options) ?? mediaShape.safeParse(value).data;
		const shown = JSON.stringify(value).slice(0, 200);
		if (!medium)
			return {
				code: 'media_missing',
				reason: `data.${field}: ${shown} is no blob and no file of this upload.`,
			};
		if (!medium.type.startsWith('image/'))
			return { code: 'bad_image', reason: `data.${field}: ${shown} is no image.` };
	}
	return undefined;
}

/** Every text in a value; media are named by hashes, which nobody looks for. */
function wordsOf(value: Json): string[] {
	if (typeof value === 'string') return [value];
	if (typeof value === 'number') return [String(value)];
	if (value === null || typeof value !== 'object') return [];
	if (!Array.isArray(value) && typeof (value as { blob?: Json }).blob === 'string') return [];
	return Object.values(value).flatMap((inner) => wordsOf(inner as Json));
}
