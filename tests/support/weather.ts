import type { Flywheel } from './flywheel.ts';

/** A question with these answers: an option’s key is its first letter. */
export function choice(name: string, options: readonly string[], more: object = {}): object {
	return {
		name,
		kind: 'choice',
		required: true,
		options: options.map((option) => ({ name: option, key: option[0] })),
		...more,
	};
}

/** A schema that shows a text and asks these questions about it. */
export function schemaOf(...tools: readonly object[]): object {
	return { shows: [{ field: 'text', as: 'text' }], instructions: '', tools };
}

/** Makes a project about the weather of so many days, `day-1` and on; without tools, a day was good or bad. */
export async function makeWeather(
	flywheel: Flywheel,
	days: number,
	...tools: readonly object[]
): Promise<string> {
	const schema = schemaOf(...(tools.length > 0 ? tools : [choice('tone', ['good', 'bad'])]));
	const body = { name: 'Weather', schema };
	const { id } = await flywheel.call<{ id: string }>('POST', '/api/projects', body);
	const lines = Array.from({ length: days }, (_, index) => {
		const text = `Day ${index + 1}: rain in the morning, then sun`;
		return JSON.stringify({ id: `day-${index + 1}`, data: { text } });
	});
	await flywheel.importLines(id, lines.join('\n'));
	return id;
}
