import { reservedKeys, type Schema } from '#shared/schema/schema.ts';

/** A schema of one required choice, with a key for each option from its own letters where one is free. */
export function schemaFromAnswers(given: {
	readonly shows: 'text' | 'image';
	readonly question: string;
	readonly options: readonly string[];
}): Schema {
	const names = [...new Set(given.options.map((line) => line.trim()).filter(Boolean))];
	const taken = new Set<string>(reservedKeys);
	const options = names.map((name) => {
		const key = [...name.toLowerCase(), ...'123456789'].find(
			(letter) => /^[a-z0-9]$/.test(letter) && !taken.has(letter),
		);
		if (key === undefined) return { name };
		taken.add(key);
		return { name, key };
	});
	return {
		shows: [{ field: given.shows, as: given.shows }],
		instructions: '',
		tools: [{ name: given.question.trim(), kind: 'choice', required: true, many: false, options }],
	};
}
