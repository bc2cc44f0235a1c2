import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { sha256Hex } from '#shared/numbers/hash.ts';
import { answerShape, misfits } from '#shared/schema/answer.ts';
import { importLineShape, isItemId, mediaOf } from '#shared/schema/item.ts';
import { schemaShape } from '#shared/schema/schema.ts';
import { samples } from '#sync-server/samples/samples.ts';

const counts = {
	reviews: { items: 2972, labeled: 600 },
	fashion: { items: 1000, labeled: 300 },
};

test('a first start gets Reviews and Fashion', () => {
	expect(samples.map(({ id, name }) => ({ id, name }))).toEqual([
		{ id: 'reviews', name: 'Reviews' },
		{ id: 'fashion', name: 'Fashion' },
	]);
});

describe.each(samples)('$name', (sample) => {
	const schema = schemaShape.parse(sample.schema);
	const items = Array.from(sample.items());

	test('its schema asks one required choice, with a key for each option', () => {
		expect(schema.tools).toHaveLength(1);
		expect(schema.tools[0]).toMatchObject({ kind: 'choice', required: true, many: false });
		expect(schema.tools[0]?.options.every(({ key }) => key !== undefined)).toBe(true);
	});

	test('its instructions name the key of each option', () => {
		for (const { key } of schema.tools[0]?.options ?? [])
			expect(schema.instructions).toContain(`(\`${key}\`)`);
	});

	test('its items are import lines that show what the schema shows', () => {
		for (const item of items) {
			const { data, answer } = importLineShape.parse(item);
			expect(isItemId(item.id)).toBe(true);
			expect(Object.keys(data)).toEqual(schema.shows.map(({ field }) => field));
			if (answer) expect(misfits(answer, schema)).toEqual([]);
		}
	});

	test('it has each id once, and the promised part labeled', () => {
		const ids = new Set(items.map(({ id }) => id));
		const labeled = items.filter(({ answer }) => answer);
		expect({ items: ids.size, labeled: labeled.length }).toEqual(
			counts[sample.id as keyof typeof counts],
		);
		expect(items).toHaveLength(ids.size);
	});

	test('it gives the same items each time', () => {
		expect(Array.from(sample.items())).toEqual(items);
	});

	test('it knows the answer of each item, and the labeled ones carry that one', () => {
		const answers = sample.answers();
		expect([...answers.keys()]).toEqual(items.map(({ id }) => id));
		for (const answer of answers.values())
			expect(misfits(answerShape.parse(answer), schema)).toEqual([]);
		for (const item of items) if (item.answer) expect(item.answer).toEqual(answers.get(item.id));
	});

	test('it has the bytes of each media file, under their own hash', () => {
		for (const { blob } of items.flatMap((item) => mediaOf(importLineShape.parse(item).data)))
			expect(sha256Hex(sample.blob(blob) ?? '')).toBe(blob);
		expect(sample.blob('0'.repeat(64))).toBeUndefined();
	});

	test('its repository has a README that gives the credit, and a flywheel.yml whose files are there', () => {
		const names = readdirSync(sample.repository);
		expect(names).toContain('README.md');
		expect(readFileSync(new URL('README.md', sample.repository), 'utf8')).toContain(sample.credit);
		const file = readFileSync(new URL('flywheel.yml', sample.repository), 'utf8');
		const { run, predict } = parse(file) as { readonly run: string; readonly predict: string };
		for (const command of [run, predict]) expect(names).toContain(command.replace('node ', ''));
	});
});

test.each(['snapshot.mjs', 'seeded-random.mjs'])('both repositories have the same %s', (name) => {
	const [first, second] = samples.map(({ repository }) =>
		readFileSync(new URL(name, repository), 'utf8'),
	);
	expect(second).toBe(first);
});
