/** One line of metrics: what was measured at a step. Values may be NaN or ±Infinity. */
export interface MetricLine {
	readonly step: number;
	readonly values: Readonly<Record<string, number>>;
}

const lineLimit = 65_536;
const keyLimit = 128;
const valuesLimit = 1000;

/**
 * Reads a line of a training's output as metrics: a JSON object with a numeric `step` and at least one other
 * number at its top level. Bare NaN, Infinity and -Infinity are read as Python prints them. Anything else is
 * ordinary output: undefined.
 */
export function readMetricLine(line: string): MetricLine | undefined {
	const text = line.trim();
	if (text.length > lineLimit || !text.startsWith('{') || !text.endsWith('}')) return undefined;
	const object = parseObject(text);
	if (object === undefined) return undefined;
	const { step, ...rest } = object;
	if (typeof step !== 'number' || !Number.isFinite(step)) return undefined;
	const values = Object.entries(rest)
		.filter((entry): entry is [string, number] => typeof entry[1] === 'number')
		.filter(([key]) => key !== '' && key.length <= keyLimit)
		.slice(0, valuesLimit);
	return values.length > 0 ? { step, values: Object.fromEntries(values) } : undefined;
}

/**
 * JSON cannot say NaN, but 1e999 is Infinity in it. So NaN is written once as 1e999 and once as -1e999: where
 * the two readings differ, a NaN stood.
 */
function parseObject(text: string): Record<string, unknown> | undefined {
	const exact = parse(text);
	if (exact !== undefined || !/NaN|Infinity/.test(text)) return exact;
	const above = parse(withoutBareNames(text, '1e999'));
	const below = parse(withoutBareNames(text, '-1e999'));
	if (above === undefined || below === undefined) return undefined;
	return Object.fromEntries(
		Object.entries(above).map(([key, value]) => [
			key,
			value === Infinity && below[key] === -Infinity ? NaN : value,
		]),
	);
}

function parse(text: string): Record<string, unknown> | undefined {
	try {
		// The text begins with a brace, so what is read is an object.
		return JSON.parse(text) as Record<string, unknown>;
	} catch {
		return undefined; // not JSON is no mistake here: most lines of a log are not
	}
}

/** Writes NaN and Infinity outside of strings as numbers that JSON can read. */
function withoutBareNames(text: string, notANumber: string): string {
	let out = '';
	let from = 0;
	let isInString = false;
	for (let at = 0; at < text.length; at += 1) {
		const letter = text[at];
		if (isInString) {
			if (letter === '\\') at += 1;
			else if (letter === '"') isInString = false;
			continue;
		}
		if (letter === '"') isInString = true;
		const [name, number] = text.startsWith('NaN', at)
			? ['NaN', notANumber]
			: text.startsWith('Infinity', at)
				? ['Infinity', '1e999']
				: ['', ''];
		if (name === '') continue;
		out += text.slice(from, at) + number;
		at += name.length - 1;
		from = at + 1;
	}
	return out + text.slice(from);
}
