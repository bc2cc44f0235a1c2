import { describe, expect, test } from 'vitest';
import { readSchemaText, schemaChanges, schemaText } from '#app/model/schema-draft.ts';
import { schemaShape, type Schema } from '#shared/schema/schema.ts';

const schema: Schema = schemaShape.parse({
	shows: [{ field: 'text', as: 'text' }],
	instructions: 'Read it.',
	tools: [
		{
			name: 'sentiment',
			kind: 'choice',
			title: 'How does it feel?',
			required: true,
			options: [
				{ name: 'good', key: 'p' },
				{ name: 'bad', title: 'Bad', key: 'n' },
			],
		},
		{ name: 'topics', kind: 'choice', many: true, options: [{ name: 'food' }] },
	],
});
/** As a database gives it back: keys in another order. */
const reordered = schemaShape.parse(
	JSON.parse(
		JSON.stringify(schema).replace('{"name":"good","key":"p"}', '{"key":"p","name":"good"}'),
	),
);

describe('a schema as text', () => {
	test('reads back as it was', () => {
		expect(readSchemaText(schemaText(schema), schema.instructions)).toEqual({ kind: 'ok', schema });
	});
	test('has one line per option and leaves out what is usual', () => {
		expect(schemaText(schema)).toContain('\t\t\t\t{ "name": "bad", "title": "Bad", "key": "n" }\n');
		expect(schemaText(schema)).not.toContain('false');
		expect(schemaText(schema)).not.toContain('Read it.');
	});
	test('names the path of every mistake', () => {
		const text = schemaText(schema).replace('"food"', '""').replace('"bad"', '"a/b"');
		const read = readSchemaText(text, '');
		expect(read.kind === 'wrong' && read.problems.map(({ path }) => path)).toEqual([
			'tools[0].options[1].name',
			'tools[1].options[0].name',
			'tools[1].options[0].name',
		]);
		expect(readSchemaText(schemaText(schema).replace('"p"', '"z"'), '')).toEqual({
			kind: 'wrong',
			problems: [{ path: 'tools[0].options[0].key', message: 'the key z is reserved' }],
		});
	});
	test('says on which line it stops being JSON', () => {
		const read = readSchemaText('{\n"shows": [],\n"tools" []\n}', '');
		expect(read).toMatchObject({ kind: 'wrong', problems: [{ path: '', line: 3 }] });
		expect(readSchemaText('[]', '')).toMatchObject({ kind: 'wrong' });
		expect(readSchemaText('null', '')).toMatchObject({ kind: 'wrong' });
	});
});

describe('what changed between two versions', () => {
	test('nothing, whatever the order of keys', () => {
		expect(schemaChanges(schema, reordered)).toEqual([]);
	});
	test('options and tools that came and went, rules, titles, instructions', () => {
		const after: Schema = {
			...schema,
			instructions: 'Read it twice.',
			tools: [
				{
					...schema.tools[0]!,
					required: false,
					options: [schema.tools[0]!.options[0]!, { name: 'mixed' }],
				},
				{ name: 'irony', kind: 'choice', required: false, many: false, options: [{ name: 'yes' }] },
			],
		};
		expect(schemaChanges(schema, after)).toEqual([
			'+ sentiment: mixed',
			'− sentiment: bad',
			'sentiment: one, may be left out',
			'+ irony',
			'− topics',
			'instructions',
		]);
		const retitled = {
			...schema,
			tools: [{ ...schema.tools[0]!, title: 'Well?' }, schema.tools[1]!],
		};
		expect(schemaChanges(schema, retitled)).toEqual(['sentiment: titles and keys']);
		expect(schemaChanges(schema, { ...schema, tools: schema.tools.toReversed() })).toEqual([
			'the order',
		]);
	});
});
