import type { Schema } from '#shared/schema/schema.ts';

/** Two lines that this project would take: one labeled, one not. */
export function importExample(schema: Schema | undefined): string {
	const shows = schema?.shows ?? [{ field: 'text', as: 'text' as const }];
	const data = Object.fromEntries(
		shows.map(({ field, as }) => [field, as === 'image' ? `images/1.png` : '…']),
	);
	const values = Object.fromEntries(
		(schema?.tools ?? []).map(({ name, many, options }) => [
			name,
			many ? [options[0]!.name] : options[0]!.name,
		]),
	);
	return [{ id: 'a-1', data, answer: { values } }, { data }]
		.map((line) => JSON.stringify(line))
		.join('\n');
}
