import { canonicalJson, type Json } from '#shared/numbers/canonical-json.ts';
import { schemaShape, type Option, type Schema, type Tool } from '#shared/schema/schema.ts';

/** What is wrong with a text that should be a schema, where a person can find it. */
export interface SchemaProblem {
	/** `tools[0].options[2].key`; empty where the text is no JSON. */
	readonly path: string;
	readonly message: string;
	/** Counted from one; only where the text is no JSON. */
	readonly line?: number;
}

export type SchemaDraft =
	| { readonly kind: 'ok'; readonly schema: Schema }
	| { readonly kind: 'wrong'; readonly problems: readonly SchemaProblem[] };

/**
 * A schema as a person edits it: one line per option, keys in the order in which one reads them, what has
 * its usual value left out; without its instructions, which are text and have their own place.
 */
export function schemaText({ shows, tools }: Schema): string {
	const shown = shows.map(({ field, as }) => line({ field, as }));
	return `{\n\t"shows": [${shown.join(', ')}],\n\t"tools": [\n${tools.map(toolText).join(',\n')}\n\t]\n}`;
}

function toolText({ name, kind, title, required, many, options }: Tool): string {
	const members: Readonly<Record<string, Json>> = {
		name,
		kind,
		...(title === undefined ? {} : { title }),
		...(required ? { required } : {}),
		...(many ? { many } : {}),
	};
	const head = Object.entries(members).map(
		([key, value]) => `\t\t\t${JSON.stringify(key)}: ${JSON.stringify(value)},\n`,
	);
	const lines = options.map((option) => `\t\t\t\t${optionText(option)}`).join(',\n');
	return `\t\t{\n${head.join('')}\t\t\t"options": [\n${lines}\n\t\t\t]\n\t\t}`;
}

function optionText({ name, title, key }: Option): string {
	return line({
		name,
		...(title === undefined ? {} : { title }),
		...(key === undefined ? {} : { key }),
	});
}

/** An object on one line, as a person writes it. */
function line(members: Readonly<Record<string, Json>>): string {
	const parts = Object.entries(members).map(
		([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
	);
	return `{ ${parts.join(', ')} }`;
}

/** Reads what a person wrote, under the rules by which the server will read it. */
export function readSchemaText(text: string, instructions: string): SchemaDraft {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		return { kind: 'wrong', problems: [syntaxProblem(text, error as SyntaxError)] };
	}
	if (typeof value !== 'object' || value === null || Array.isArray(value))
		return { kind: 'wrong', problems: [{ path: '', message: 'a schema is an object in braces' }] };
	const parsed = schemaShape.safeParse({ instructions, ...value });
	if (parsed.success) return { kind: 'ok', schema: parsed.data };
	return {
		kind: 'wrong',
		problems: parsed.error.issues.map(({ path, message }) => ({
			path: pathText(path),
			message: message.charAt(0).toLowerCase() + message.slice(1),
		})),
	};
}

/** What differs between two versions, a short line each; empty when nothing does. */
export function schemaChanges(before: Schema, after: Schema): string[] {
	const changes: string[] = [];
	const old = new Map(before.tools.map((tool) => [tool.name, tool]));
	for (const tool of after.tools) {
		const known = old.get(tool.name);
		old.delete(tool.name);
		if (!known) changes.push(`+ ${tool.name}`);
		else changes.push(...toolChanges(known, tool));
	}
	for (const name of old.keys()) changes.push(`− ${name}`);
	if (!isSame(before.shows, after.shows)) changes.push('what is shown');
	if (before.instructions !== after.instructions) changes.push('instructions');
	if (changes.length === 0 && !isSame(before, after)) changes.push('the order');
	return changes;
}

function toolChanges(before: Tool, after: Tool): string[] {
	const names = (tool: Tool) => new Set(tool.options.map(({ name }) => name));
	const [old, present] = [names(before), names(after)];
	const added = [...present.difference(old)].map((name) => `+ ${after.name}: ${name}`);
	const removed = [...old.difference(present)].map((name) => `− ${after.name}: ${name}`);
	const rules =
		before.many !== after.many || before.required !== after.required
			? [
					`${after.name}: ${after.many ? 'many' : 'one'}, ${after.required ? 'required' : 'may be left out'}`,
				]
			: [];
	const isRelabeled =
		added.length === 0 &&
		removed.length === 0 &&
		!isSame(
			{ title: before.title, options: before.options },
			{ title: after.title, options: after.options },
		);
	return [
		...added,
		...removed,
		...rules,
		...(isRelabeled ? [`${after.name}: titles and keys`] : []),
	];
}

/** Whatever the order of their keys: a schema that went through the server has another one. */
function isSame(a: unknown, b: unknown): boolean {
	return canonicalJson(a as Json) === canonicalJson(b as Json);
}

function pathText(path: readonly PropertyKey[]): string {
	return path
		.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
		.join('')
		.replace(/^\./, '');
}

/** Engines say where in different words: a position, a line, or neither. */
function syntaxProblem(text: string, { message }: SyntaxError): SchemaProblem {
	const line = /line (\d+)/.exec(message)?.[1];
	const position = /position (\d+)/.exec(message)?.[1];
	const counted =
		line !== undefined
			? Number(line)
			: position === undefined
				? undefined
				: text.slice(0, Number(position)).split('\n').length;
	const plain = message.replace(/ in JSON at position.*$/s, '').replace(/^JSON\.parse: /, '');
	return {
		path: '',
		message: `not JSON: ${plain.charAt(0).toLowerCase()}${plain.slice(1)}`,
		...(counted === undefined ? {} : { line: counted }),
	};
}
