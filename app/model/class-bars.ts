import type { Schema } from '#shared/schema/schema.ts';
import { optionColour } from './item-words.ts';

export interface ClassBar {
	readonly option: string;
	readonly title: string;
	readonly colour: string;
	readonly count: number;
	/** Of all answers of the tool. */
	readonly share: number;
}

/** How often each option of a tool was answered, in the order of the schema; options it no longer has come last. */
export function classBars(
	counts: Readonly<Record<string, number>>,
	tool: string,
	schema: Schema | undefined,
): ClassBar[] {
	const options = schema?.tools.find(({ name }) => name === tool)?.options ?? [];
	const known = options.map(({ name }) => name);
	const names = [...known, ...Object.keys(counts).filter((name) => !known.includes(name))];
	const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
	return names.map((option) => {
		const count = counts[option] ?? 0;
		return {
			option,
			title: options.find(({ name }) => name === option)?.title ?? option,
			colour: optionColour(schema, tool, option),
			count,
			share: total > 0 ? count / total : 0,
		};
	});
}
