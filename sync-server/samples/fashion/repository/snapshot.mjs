// Reads a snapshot the way git holds it, and writes what a run gives back: JSON, one object a line.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The snapshot's folder: the runner names it; by hand it is a clone of `datasets/main`. */
export function dataFolder() {
	const folder = process.env.FLYWHEEL_DATA_DIR;
	if (!folder) fail('FLYWHEEL_DATA_DIR is not set: point it at a clone of datasets/main');
	return folder;
}

/** All rows of one part: `items` (answered: train and valid) or `pool` (not answered). */
export function readPart(part) {
	const folder = join(dataFolder(), part);
	if (!existsSync(folder)) return []; // no pool is left once everything is labeled
	const shards = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
	return shards.sort().flatMap((name) => parseLines(readFileSync(join(folder, name), 'utf8')));
}

/** The options of a choice, as the schema inside the snapshot lists them. */
export function readOptions(tool) {
	const { schema } = JSON.parse(readFileSync(join(dataFolder(), 'dataset.json'), 'utf8'));
	const options = schema.tools.find(({ name }) => name === tool)?.options;
	return options?.map(({ name }) => name) ?? fail(`The schema has no tool named ${tool}.`);
}

/** The parameters of this run: those the runner gives, over the defaults. */
export function readParameters(defaults) {
	return { ...defaults, ...JSON.parse(process.env.FLYWHEEL_PARAMS || '{}') };
}

/** The prediction for one item: the likeliest option, and how likely each one is. */
export function prediction(item, tool, options, probabilities) {
	const best = probabilities.indexOf(Math.max(...probabilities));
	const scores = Object.fromEntries(options.map((name, i) => [name, rounded(probabilities[i])]));
	const answer = { values: { [tool]: options[best] } };
	return {
		item: item.id,
		answer,
		confidence: rounded(probabilities[best]),
		scores: { [tool]: scores },
	};
}

/** One step of the curves: the server draws every number that stands beside `step`. */
export function printMetrics({ step, ...numbers }) {
	const known = Object.entries(numbers).filter(([, number]) => number !== undefined);
	const metrics = known.map(([name, number]) => [name, rounded(number)]);
	console.log(JSON.stringify({ step, ...Object.fromEntries(metrics) }));
}

export function writeLines(file, rows) {
	writeFileSync(file, rows.map((row) => JSON.stringify(row) + '\n').join(''));
}

/** Ends the run with a sentence for the person who reads its log. */
export function fail(sentence) {
	console.error(sentence);
	process.exit(1);
}

function parseLines(text) {
	const lines = text.split('\n').filter((line) => line !== '');
	return lines.map((line) => JSON.parse(line));
}

function rounded(number) {
	return Math.round(number * 1e5) / 1e5;
}
