// A baseline to replace: always answers what was answered most often. Whatever you train should beat it.
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const folder = process.env.FLYWHEEL_DATA_DIR;
const read = (part) =>
	globSync(`${folder}/${part}/*.jsonl`)
		.sort()
		.flatMap((file) =>
			readFileSync(file, 'utf8')
				.split('\n')
				.filter(Boolean)
				.map((line) => JSON.parse(line)),
		);

const items = read('items');
const train = items.filter(({ split }) => split === 'train');
const valid = items.filter(({ split }) => split === 'valid');

const counts = {};
for (const { answer } of train)
	for (const [tool, value] of Object.entries(answer.values)) {
		const text = JSON.stringify(value);
		(((counts[tool] ??= {})[text] ??= 0), counts[tool][text]++);
	}

const model = {};
for (const [tool, byValue] of Object.entries(counts)) {
	const [[value, n]] = Object.entries(byValue).sort(([, a], [, b]) => b - a);
	model[tool] = { value: JSON.parse(value), confidence: n / train.length };
}
const answer = { values: {}, regions: [], texts: {} };
for (const [tool, { value }] of Object.entries(model)) answer.values[tool] = value;
const confidence = Math.min(1, ...Object.values(model).map((one) => one.confidence));

const isRight = ({ answer: truth }) =>
	JSON.stringify(truth.values) === JSON.stringify(answer.values);
console.log(JSON.stringify({ step: 1, train: train.length, right: valid.filter(isRight).length }));

if (!existsSync('model')) mkdirSync('model');
writeFileSync('model/baseline.json', `${JSON.stringify(model, null, '\t')}\n`);
const guesses = [...valid, ...read('pool')].map(({ id }) => ({ item: id, answer, confidence }));
writeFileSync('predictions.jsonl', guesses.map((line) => `${JSON.stringify(line)}\n`).join(''));
