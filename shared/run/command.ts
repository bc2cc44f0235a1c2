import type { Json } from '../numbers/canonical-json.ts';

export type Params = Readonly<Record<string, Json>>;

/**
 * The command of a run with `{name}` replaced by the parameter of that name. Numbers and plain words stand
 * as they are, everything else is quoted for a POSIX shell. Braces that name no parameter, and `${…}`, are
 * the shell's own.
 */
export function commandWith(command: string, params: Params): string {
	return command.replace(
		/(\$?)\{([A-Za-z_][A-Za-z0-9_.-]*)\}/g,
		(whole, dollar: string, name: string) =>
			dollar === '' && Object.hasOwn(params, name) ? quoted(params[name]!) : whole,
	);
}

function quoted(value: Json): string {
	const text = typeof value === 'string' ? value : JSON.stringify(value);
	return /^[A-Za-z0-9_.,:/+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
