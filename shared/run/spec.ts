import {
	isMap,
	isPair,
	isScalar,
	LineCounter,
	parseDocument,
	type Document,
	type Node,
} from 'yaml';
import { z } from 'zod';
import { nearest } from './nearest.ts';
import { knownKeys, specShape } from './spec-shape.ts';

/** What `flywheel.yml` asks for, defaults filled in. Durations are in milliseconds. */
export type RunSpec = z.output<typeof specShape>;

/** One thing that is wrong with a `flywheel.yml`: `needs.timeout`, the line from 1 (null where nothing is written). */
export interface SpecProblem {
	readonly path: string;
	readonly line: number | null;
	readonly message: string;
}

export type ParsedSpec =
	| { readonly kind: 'ok'; readonly spec: RunSpec }
	| { readonly kind: 'refused'; readonly problems: readonly SpecProblem[] };

const fileLimit = 65_536;

/** Reads a `flywheel.yml`. Never throws: whatever the text, the answer says what to mend and where. */
export function parseRunSpec(text: string): ParsedSpec {
	if (text.length > fileLimit) return refused('', null, 'the file has 64 kB at most');
	const lines = new LineCounter();
	const document = parseDocument(text, {
		lineCounter: lines,
		prettyErrors: false,
		logLevel: 'error',
	});
	const lineOf = (offset: number): number => lines.linePos(offset).line;
	if (document.errors.length > 0)
		return {
			kind: 'refused',
			problems: document.errors.map((error) => ({
				path: '',
				line: lineOf(error.pos[0]),
				message:
					error.code === 'MULTIPLE_DOCS' ? 'the file holds more than one document' : error.message,
			})),
		};
	if (!isMap(document.contents))
		return refused('', null, 'the file is a mapping of keys to values; `run: <command>` is enough');
	let value: unknown;
	try {
		value = document.toJS({ maxAliasCount: 100 });
	} catch (error) {
		// The parser's guard against aliases that unfold without end, and aliases to nothing.
		return refused('', null, error instanceof Error ? error.message : String(error));
	}
	const parsed = specShape.safeParse(value, { reportInput: true });
	if (parsed.success) return { kind: 'ok', spec: parsed.data };
	return {
		kind: 'refused',
		problems: parsed.error.issues
			.flatMap((issue) => problemsOf(issue, document, lineOf))
			.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
	};
}

/** Prints a problem for a terminal: `flywheel.yml:4: needs.gpu: …`. */
export function formatSpecProblem({ path, line, message }: SpecProblem): string {
	return `flywheel.yml${line === null ? '' : `:${line}`}: ${path === '' ? '' : `${path}: `}${message}`;
}

function refused(path: string, line: number | null, message: string): ParsedSpec {
	return { kind: 'refused', problems: [{ path, line, message }] };
}

function problemsOf(
	issue: z.core.$ZodIssue,
	document: Document,
	lineOf: (offset: number) => number,
): SpecProblem[] {
	const path = issue.path.map(String);
	const line = (at: readonly string[]): number | null => {
		const offset = offsetOf(document, at);
		return offset === undefined ? null : lineOf(offset);
	};
	if (issue.code === 'unrecognized_keys')
		return issue.keys.map((key) => {
			const known = knownKeys[path.join('.')] ?? [];
			const close = nearest(key, known);
			const advice = close ? `did you mean ${close}?` : `known keys: ${known.join(', ')}`;
			const at = [...path, key];
			return { path: print(at), line: line(at), message: `there is no such key; ${advice}` };
		});
	const isMissing = issue.code === 'invalid_type' && issue.input === undefined;
	const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
	const message = isMissing ? 'missing' : (inner ?? issue.message);
	return [{ path: print(path), line: line(path), message }];
}

/** `needs.tags[0]` */
function print(path: readonly string[]): string {
	return path.map((part, n) => (/^\d+$/.test(part) ? `[${part}]` : n ? `.${part}` : part)).join('');
}

/** Where the key of that path stands in the text, or the value where it is an element of a list. */
function offsetOf(document: Document, path: readonly string[]): number | undefined {
	if (path.length === 0) return undefined;
	const parent: unknown =
		path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
	const last = path.at(-1);
	if (isMap(parent)) {
		const pair = parent.items.find(
			(item) => String(isScalar(item.key) ? item.key.value : item.key) === last,
		);
		return isPair(pair) ? (pair.key as Node | null)?.range?.[0] : undefined;
	}
	return (document.getIn(path, true) as Node | undefined)?.range?.[0];
}
