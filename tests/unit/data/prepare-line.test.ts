import { expect, test } from 'vitest';
import { splitOf } from '#shared/numbers/split.ts';
import type { Schema } from '#shared/schema/schema.ts';
import { shardOf } from '#shared/snapshot/layout.ts';
import { prepareLine, type Prepared } from '#sync-server/import/prepare-line.ts';

const schema: Schema = {
	shows: [{ field: 'text', as: 'text' }],
	instructions: '',
	tools: [
		{
			name: 'mood',
			kind: 'choice',
			required: true,
			many: true,
			options: [{ name: 'good' }, { name: 'bad' }],
		},
	],
};
const read = (value: unknown): Prepared =>
	prepareLine(3, typeof value === 'string' ? value : JSON.stringify(value), {
		schema,
		itemKey: 'ab'.repeat(32),
	});
const refusal = (value: unknown): string => {
	const prepared = read(value);
	return prepared.kind === 'refused'
		? `${prepared.refusal.code} ${prepared.refusal.line}: ${prepared.refusal.reason}`
		: 'taken';
};

test('a line is spelled in the one way the tables keep', () => {
	const prepared = read({
		id: 'a:1',
		data: { text: 'Ärger', b: 1 },
		meta: { z: 1, a: 2 },
		group: 'g',
		answer: { values: { mood: ['good', 'bad'] } },
	});
	expect(prepared).toEqual({
		kind: 'row',
		row: {
			line: 3,
			id: 'a:1',
			data: '{"b":1,"text":"Ärger"}',
			words: 'ärger\n1',
			meta: '{"a":2,"z":1}',
			group: 'g',
			split: splitOf('g'),
			shard: shardOf('a:1'),
			media: [],
			answer: '{"regions":[],"texts":{},"values":{"mood":["bad","good"]}}',
		},
	});
});

test('refusals name the place', () => {
	expect(refusal('{"id": 1')).toMatch(/^bad_json 3: Not JSON/);
	expect(refusal('[1]')).toMatch(/^bad_shape 3: the line: /);
	expect(refusal({ id: 'a' })).toMatch(/^bad_shape 3: data: /);
	expect(refusal({ data: { text: 'a' }, split: 'test' })).toMatch(/^bad_shape 3: split: /);
	expect(refusal({ data: { text: 'a' }, colour: 1 })).toContain('colour');
	expect(refusal({ data: { text: 'a' }, answer: { values: { mood: [] } } })).toBe(
		'bad_answer 3: answer.values.mood: required, and not answered',
	);
	expect(refusal('{"data": {"text": "\\ud800"}}')).toBe(
		'bad_text 3: canonical JSON: a lone surrogate',
	);
	expect(refusal({ data: { text: 'a'.repeat(1024 * 1024) } })).toBe(
		'too_large 3: data: more than 1 MiB',
	);
	const deep = `{"data":{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
	expect(refusal(deep)).toMatch(/^bad_(shape|json) 3: /);
});

test('an item without an id gets one that tells nothing without the key', () => {
	const id = (itemKey: string): string => {
		const prepared = prepareLine(1, '{"data":{"text":"yes"}}', { schema, itemKey });
		return prepared.kind === 'row' ? prepared.row.id : '';
	};
	expect(id('aa')).toMatch(/^[0-9a-f]{32}$/);
	expect(id('aa')).toBe(id('aa'));
	expect(id('aa')).not.toBe(id('bb'));
});
