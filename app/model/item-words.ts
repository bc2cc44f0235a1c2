import type { ItemRow, ItemState } from '#shared/replica/rows.ts';
import type { Answer } from '#shared/schema/answer.ts';
import type { Schema } from '#shared/schema/schema.ts';

interface StateWords {
	readonly title: string;
	readonly tone: 'neutral' | 'person' | 'good' | 'warn' | 'bad';
	/** Read on hover. */
	readonly text: string;
}

/** Where an item stands, in the words of the screen. */
export const itemStates: Readonly<Record<ItemState, StateWords>> = {
	pool: { title: 'to label', tone: 'neutral', text: 'It has no answer and is in no open batch.' },
	open: {
		title: 'in a batch',
		tone: 'person',
		text: 'It is in an open batch and has no answer yet.',
	},
	waiting: {
		title: 'waiting',
		tone: 'person',
		text: 'Answered; it counts once a reviewer accepts it.',
	},
	returned: { title: 'returned', tone: 'warn', text: 'A reviewer sent its answer back.' },
	labeled: { title: 'labeled', tone: 'good', text: 'Its answer is in the corpus.' },
	settle: { title: 'to settle', tone: 'warn', text: 'People answered it differently.' },
	withdrawn: { title: 'withdrawn', tone: 'bad', text: 'Out of batches, pool and later snapshots.' },
};

/** Where an answer came from. */
export const sourceWords: Readonly<Record<NonNullable<ItemRow['source']>, string>> = {
	human: 'people',
	import: 'import',
	skim: 'skim',
};

/** One thing that an answer says. */
export interface AnswerWord {
	readonly tool: string;
	readonly option: string;
	readonly title: string;
}

/**
 * What an answer says, one word per option, in the order of the schema. An option that the schema no longer
 * has keeps its name; a tool that is gone comes last.
 */
export function answerWords(answer: Answer, schema: Schema | undefined): AnswerWord[] {
	const order = schema?.tools.map(({ name }) => name) ?? [];
	const names = Object.keys(answer.values);
	const sorted = [
		...order.filter((name) => names.includes(name)),
		...names.filter((name) => !order.includes(name)),
	];
	return sorted.flatMap((tool) => {
		const options = schema?.tools.find(({ name }) => name === tool)?.options ?? [];
		const value = answer.values[tool];
		return (Array.isArray(value) ? value : [value]).map((one) => {
			const option = typeof one === 'string' ? one : JSON.stringify(one);
			return { tool, option, title: options.find(({ name }) => name === option)?.title ?? option };
		});
	});
}

/** The colour of an option: its place among the options of its tool, in the order of the classes. */
export function optionColour(schema: Schema | undefined, tool: string, option: string): string {
	const options = schema?.tools.find(({ name }) => name === tool)?.options ?? [];
	const place = options.findIndex(({ name }) => name === option);
	return place < 0 ? 'var(--ink-3)' : `var(--c${(place % 8) + 1})`;
}
