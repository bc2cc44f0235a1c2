import type { Flywheel } from '../support/flywheel.ts';

const schema = {
	shows: [{ field: 'text', as: 'text' }],
	instructions: 'Say how it sounds.',
	tools: [
		{
			name: 'tone',
			kind: 'choice',
			required: true,
			many: false,
			options: [
				{ name: 'warm', key: 'w' },
				{ name: 'cold', key: 'l' },
				{ name: 'neither', key: 'n' },
			],
		},
	],
};

/** Makes a project of three choices without reviews. */
export async function makeProject(flywheel: Flywheel, name: string): Promise<string> {
	const { id } = await flywheel.call<{ id: string }>('POST', '/api/projects', {
		name,
		schema,
		reviews: false,
	});
	return id;
}

const words =
	'rain tram coffee late seat kind loud window driver ticket quiet stop bell smile crowd'.split(
		' ',
	);

/** JSON lines of `count` texts of about 120 characters; every `answeredEvery`th is labeled (0: none). */
export function lines(count: number, answeredEvery = 0): string {
	const out: string[] = [];
	for (let index = 0; index < count; index++) {
		const text = Array.from(
			{ length: 18 },
			(_, at) => words[(index * 7 + at * 5 + (index >> (at % 9))) % words.length],
		).join(' ');
		const answer =
			answeredEvery > 0 && index % answeredEvery === 0
				? { answer: { values: { tone: index % 2 ? 'warm' : 'cold' } } }
				: {};
		out.push(JSON.stringify({ id: `t${index}`, data: { text: `${index}: ${text}` }, ...answer }));
	}
	return `${out.join('\n')}\n`;
}
