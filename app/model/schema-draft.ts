import { schemaShape, type Schema, type Tool } from '#shared/schema/schema.ts';

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

/** A schema as a person edits it: without its instructions, which are text and have their own place. */
export function schemaText({ shows, tools }: Schema): string {
	return JSON.stringify({ shows, tools: tools.map(withoutDefaults) }, null, '\t');
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
	if (JSON.stringify(before.shows) !== JSON.stringify(after.shows)) changes.push('what is shown');
	if (before.instructions !== after.instructions) changes.push('instructions');
	if (changes.length === 0 && JSON.stringify(before) !== JSON.stringify(after))
		changes.push('the order');
	return changes;
}

function toolChanges(before: Tool, after: Tool): string[] {
	const names = (tool: Tool) => new Set(tool.options.map(({ name }) => name));
	const [old, present] = [names(before), names(after)];
	const label = (tool: Tool) => JSON.stringify([tool.title, tool.options]);
	const added = [...present.difference(old)].map((name) => `+ ${after.name}: ${name}`);
	const removed = [...old.difference(present)].map((name) => `− ${after.name}: ${name}`);
	const rules =
		before.many !== after.many || before.required !== after.required
			? [
					`${after.name}: ${after.many ? 'many' : 'one'}, ${after.required ? 'required' : 'may be left out'}`,
				]
			: [];
	const isRelabeled = added.length === 0 && removed.length === 0 && label(before) !== label(after);
	return [
		...added,
		...removed,
		...rules,
		...(isRelabeled ? [`${after.name}: titles and keys`] : []),
	];
}

/** What has its usual value is left out: the text stays short. */
function withoutDefaults({ required, many, ...tool }: Tool): unknown {
	const { options, ...rest } = tool;
	return { ...rest, ...(required ? { required } : {}), ...(many ? { many } : {}), options };
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
