import { describe, expect, it } from 'vitest';
import { answerShape, canonicalAnswer, misfits, sameAnswer } from '#shared/schema/answer.ts';
import { importLineShape, isItemId, itemDataShape, mediaOf } from '#shared/schema/item.ts';
import { schemaShape, soleChoice } from '#shared/schema/schema.ts';

const option = (name: string, key?: string) => ({ name, ...(key === undefined ? {} : { key }) });
const tone = { name: 'tone', kind: 'choice', options: [option('good', 'p'), option('bad', 'n')] };
const base = { shows: [{ field: 'text', as: 'text' }], tools: [tone] };

function flaws(schema: unknown): string[] {
	const parsed = schemaShape.safeParse(schema);
	return parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
}

describe('a schema', () => {
	it('fills in what was left out', () => {
		expect(schemaShape.parse(base)).toMatchObject({
			instructions: '',
			tools: [{ required: false, many: false }],
		});
	});

	it.each([
		[{ ...base, tools: [tone, tone] }, 'tools.1.name: two tools are named tone'],
		[
			{ ...base, tools: [{ ...tone, options: [option('a'), option('a')] }] },
			'tools.0.options.1.name: two options are named a',
		],
		[
			{ ...base, tools: [{ ...tone, options: [option('a', 'z')] }] },
			'tools.0.options.0.key: the key z is reserved',
		],
		[
			{ ...base, tools: [tone, { ...tone, name: 'b', options: [option('x', 'p')] }] },
			'tools.1.options.0.key: the key p already belongs to tone: good',
		],
		[{ ...base, tools: [{ ...tone, name: '__proto__' }] }, 'tools.0.name: __proto__ is no name'],
		[{ ...base, instructions: '\ud800' }, 'instructions: text with a lone surrogate'],
	])('names the path of what it refuses', (schema, flaw) => {
		expect(flaws(schema)).toContain(flaw);
	});

	it('has a sole choice where one key may submit', () => {
		const sole = { ...base, tools: [{ ...tone, required: true }] };
		expect(soleChoice(schemaShape.parse(sole))?.name).toBe('tone');
		expect(soleChoice(schemaShape.parse(base))).toBeUndefined();
		const two = { ...sole, tools: [...sole.tools, { ...tone, name: 'b', options: [option('x')] }] };
		expect(soleChoice(schemaShape.parse(two))).toBeUndefined();
	});
});

describe('an answer', () => {
	const schema = schemaShape.parse({
		...base,
		tools: [
			{ ...tone, required: true },
			{ name: 'tags', kind: 'choice', many: true, options: [option('a'), option('b')] },
			{ name: 'constructor', kind: 'choice', options: [option('c')] },
		],
	});

	it.each([
		[{ tone: 'good' }, []],
		[{ tone: 'good', tags: ['b', 'a'] }, []],
		[{ tone: 'good', tags: [] }, []],
		[{}, ['values.tone: required, and not answered']],
		[{ tone: [] }, ['values.tone: required, and not answered']],
		[{ tone: 'ugly' }, ['values.tone: not an option of the schema']],
		[{ tone: ['good'] }, ['values.tone: not an option of the schema']],
		[{ tone: 'good', tags: 'a' }, ['values.tags: not a list of options']],
		[{ tone: 'good', tags: ['a', 'a'] }, ['values.tags: an option stands twice']],
		[{ tone: 'good', tags: ['c'] }, ['values.tags: an option that the schema does not have']],
		[{ tone: 'good', other: 1 }, ['values.other: no such tool in the schema']],
	])('%j fits or says why not', (values, expected) => {
		const found = misfits(answerShape.parse({ values }), schema);
		expect(found.map(({ path, message }) => `${path}: ${message}`)).toEqual(expected);
	});

	it('is the same whatever the order of its choices, regions and keys', () => {
		const region = (id: string) => ({ id, tool: 't', shape: [1, 2] });
		const one = answerShape.parse({
			values: { a: 'x', b: ['p', 'q'] },
			regions: [region('r'), region('s')],
		});
		const two = answerShape.parse({
			regions: [region('s'), region('r')],
			values: { b: ['q', 'p'], a: 'x' },
		});
		expect(sameAnswer(one, two)).toBe(true);
		expect(canonicalAnswer(one)).toBe(canonicalAnswer(two));
		expect(sameAnswer(one, answerShape.parse({ values: { a: 'x', b: ['p'] } }))).toBe(false);
	});

	it('may not leave a region without a shape', () => {
		expect(answerShape.safeParse({ regions: [{ id: 'r', tool: 't' }] }).success).toBe(false);
	});
});

describe('an item', () => {
	it.each(['r1', 'a.b_c:d-e', 'x'.repeat(128)])('may be called %s', (id) => {
		expect(isItemId(id)).toBe(true);
	});
	it.each(['', '.', '..', 'a/b', 'a b', 'é', 'a\n', 'x'.repeat(129), 7, undefined])(
		'may not keep the id %j',
		(id) => {
			expect(isItemId(id)).toBe(false);
		},
	);

	const nested = (levels: number): unknown =>
		JSON.parse(`${'['.repeat(levels)}1${']'.repeat(levels)}`);

	it.each([
		['{}', '', 'data has no field'],
		['[]', '', 'not an object'],
		['"text"', '', 'not an object'],
		['{"a":{"__proto__":{"b":1}}}', 'a', 'the key __proto__ is not allowed'],
		['{"__proto__":1}', '', 'the key __proto__ is not allowed'],
		['{"a":[0,"\\ud800"]}', 'a.1', 'text with a lone surrogate'],
		['{"a":1e999}', 'a', 'a number that is not finite'],
		[`{"${'k'.repeat(65)}":1}`, '', 'the name of a field has 1 to 64 characters'],
	])('refuses the data %s', (json, path, message) => {
		const issue = itemDataShape.safeParse(JSON.parse(json)).error?.issues[0];
		expect([issue?.path.join('.'), issue?.message]).toEqual([path, message]);
	});

	it('may be nested, but not without end', () => {
		expect(itemDataShape.safeParse({ a: nested(63) }).success).toBe(true);
		expect(itemDataShape.safeParse({ a: nested(64) }).success).toBe(false);
		expect(itemDataShape.safeParse({ a: nested(200_000) }).success).toBe(false);
	});

	it('is imported with what is known of it, and nothing else', () => {
		expect(importLineShape.safeParse({ data: { text: 'x' } }).success).toBe(true);
		expect(importLineShape.safeParse({ data: { text: 'x' }, label: 'good' }).success).toBe(false);
		expect(importLineShape.safeParse({ text: 'x' }).success).toBe(false);
		expect(importLineShape.safeParse(null).success).toBe(false);
	});

	it('names its media', () => {
		const image = { blob: 'a'.repeat(64), type: 'image/png' };
		expect(mediaOf({ image, text: 'x', broken: { blob: 'short', type: 'image/png' } })).toEqual([
			image,
		]);
	});
});
