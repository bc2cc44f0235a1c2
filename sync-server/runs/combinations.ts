import type { Json } from '#shared/numbers/canonical-json.ts';

type Params = Readonly<Record<string, Json>>;

/** The parameters of each run of a sweep, the last list turning fastest; without a sweep the one run. */
export function combinations(
	params: Params,
	sweep: Readonly<Record<string, readonly Json[]>> | undefined,
): Params[] {
	return Object.entries(sweep ?? {}).reduce<Params[]>(
		(found, [name, values]) =>
			found.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
		[params],
	);
}
