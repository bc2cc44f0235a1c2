import { z } from 'zod';
import { canonicalJson, type Json } from '../numbers/canonical-json.ts';
import { jsonShape, textShape } from './json.ts';
import type { Schema } from './schema.ts';

/** A complete answer (design §5): values by tool, regions, long texts. Empty parts may be left out on input. */
export const answerShape = z.strictObject({
	values: z.record(textShape.max(64), jsonShape).default({}),
	regions: z
		.array(
			z.strictObject({
				id: textShape.max(64),
				tool: textShape.max(64),
				label: textShape.max(64).optional(),
				shape: jsonShape,
			}),
		)
		.max(5000)
		.default([]),
	texts: z.record(textShape.max(64), textShape.max(200_000)).default({}),
});
export type Answer = z.infer<typeof answerShape>;

/** One spelling per answer: regions and choices of many in one order, so that equal means equal. */
export function canonicalAnswer(answer: Answer): string {
	const values = Object.fromEntries(
		Object.entries(answer.values).map(([tool, value]) => [
			tool,
			Array.isArray(value) ? [...(value as Json[])].sort(byText) : value,
		]),
	);
	const regions = [...answer.regions].sort((a, b) => byText(a as Json, b as Json));
	return canonicalJson({ values, regions, texts: answer.texts } as Json);
}

function byText(a: Json, b: Json): number {
	const [x, y] = [canonicalJson(a), canonicalJson(b)];
	return x < y ? -1 : x > y ? 1 : 0;
}

/** True when two answers say the same. */
export function sameAnswer(a: Answer, b: Answer): boolean {
	return canonicalAnswer(a) === canonicalAnswer(b);
}

/** One way in which an answer does not fit its schema, with the path a person can find. */
export interface Misfit {
	readonly path: string;
	readonly message: string;
}

/**
 * What is wrong with an answer under a schema; empty when it is complete. An answer is checked against
 * the version it was given under, so a label deleted later never breaks it.
 */
export function misfits(answer: Answer, schema: Schema): Misfit[] {
	const found: Misfit[] = [];
	const tools = new Map(schema.tools.map((tool) => [tool.name, tool]));
	for (const name of Object.keys(answer.values))
		if (!tools.has(name))
			found.push({ path: `values.${name}`, message: 'no such tool in the schema' });
	for (const [index, region] of answer.regions.entries())
		found.push({
			path: `regions[${index}]`,
			message: `the schema asks for no regions (tool ${region.tool})`,
		});
	for (const name of Object.keys(answer.texts))
		found.push({ path: `texts.${name}`, message: 'the schema asks for no text' });
	for (const tool of tools.values()) {
		const path = `values.${tool.name}`;
		const value = Object.hasOwn(answer.values, tool.name) ? answer.values[tool.name] : undefined;
		const known = new Set(tool.options.map((option) => option.name));
		const isKnown = (one: Json): boolean => typeof one === 'string' && known.has(one);
		if (value === undefined || (Array.isArray(value) && value.length === 0)) {
			if (tool.required) found.push({ path, message: 'required, and not answered' });
		} else if (tool.many) {
			if (!Array.isArray(value)) found.push({ path, message: 'not a list of options' });
			else if (!value.every(isKnown))
				found.push({ path, message: 'an option that the schema does not have' });
			else if (new Set(value).size !== value.length)
				found.push({ path, message: 'an option stands twice' });
		} else if (!isKnown(value)) found.push({ path, message: 'not an option of the schema' });
	}
	return found;
}
