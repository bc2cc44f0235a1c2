import { z } from 'zod';
import { refuseFlaws } from './json.ts';

/** Keys the workspace keeps for itself; a schema that uses one is refused. */
export const reservedKeys = ['z', 'c', 'f', '?', ' '] as const;

const name = z
	.string()
	.min(1)
	.max(64)
	.regex(/^[^\s/"\\<>][^/"\\<>]*$/, 'a name has no slash, quote, backslash or angle bracket')
	.refine((text) => text !== '__proto__', '__proto__ is no name');

const option = z.strictObject({
	name,
	title: z.string().min(1).max(100).optional(),
	key: z
		.string()
		.regex(/^[a-z0-9]$/, 'a key is one lower-case letter or digit')
		.optional(),
});

const choice = z.strictObject({
	name,
	kind: z.literal('choice'),
	title: z.string().min(1).max(100).optional(),
	required: z.boolean().default(false),
	many: z.boolean().default(false),
	options: z.array(option).min(1).max(200),
});

const shown = z.strictObject({ field: z.string().min(1).max(64), as: z.enum(['text', 'image']) });

/** What is asked of an item (design §5). Input may leave defaults out; what is parsed has them. */
export const schemaShape = z
	.strictObject({
		shows: z.array(shown).min(1).max(20),
		instructions: z.string().max(50_000).default(''),
		tools: z.array(choice).min(1).max(50),
	})
	.superRefine(refuseFlaws)
	.superRefine((schema, context) => {
		const tools = new Set<string>();
		const keys = new Map<string, string>();
		for (const [t, tool] of schema.tools.entries()) {
			if (tools.has(tool.name))
				context.addIssue({
					code: 'custom',
					path: ['tools', t, 'name'],
					message: `two tools are named ${tool.name}`,
				});
			tools.add(tool.name);
			const options = new Set<string>();
			for (const [o, { name: optionName, key }] of tool.options.entries()) {
				const at = (field: string) => ['tools', t, 'options', o, field];
				if (options.has(optionName))
					context.addIssue({
						code: 'custom',
						path: at('name'),
						message: `two options are named ${optionName}`,
					});
				options.add(optionName);
				if (key === undefined) continue;
				if ((reservedKeys as readonly string[]).includes(key))
					context.addIssue({
						code: 'custom',
						path: at('key'),
						message: `the key ${key} is reserved`,
					});
				const other = keys.get(key);
				if (other !== undefined)
					context.addIssue({
						code: 'custom',
						path: at('key'),
						message: `the key ${key} already belongs to ${other}`,
					});
				keys.set(key, `${tool.name}: ${optionName}`);
			}
		}
	});

export type Schema = z.infer<typeof schemaShape>;
export type Tool = Schema['tools'][number];
export type Option = Tool['options'][number];

/** The tool whose key submits and goes on: the sole, required, single choice of a schema. */
export function soleChoice(schema: Schema): Tool | undefined {
	const [tool] = schema.tools;
	return schema.tools.length === 1 && tool?.required && !tool.many ? tool : undefined;
}
