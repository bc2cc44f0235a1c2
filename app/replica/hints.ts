import { z } from 'zod';

const hintShape = z.union([
	z.object({ project: z.string(), cursor: z.string() }),
	z.object({ run: z.string(), cursor: z.string() }),
]);
/** What `/live` says: something changed there. It carries no data, so that losing one costs a poll. */
export type Hint = z.infer<typeof hintShape>;

/** Reads one message of `/live`; undefined for what this version does not know. */
export function readHint(data: unknown): Hint | undefined {
	if (typeof data !== 'string') return undefined;
	try {
		return hintShape.safeParse(JSON.parse(data)).data;
	} catch {
		return undefined; // not JSON: a hint may always be lost
	}
}
