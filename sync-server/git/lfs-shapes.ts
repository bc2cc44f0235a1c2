import { z } from 'zod';
import { isSha256 } from '#shared/numbers/hash.ts';

export const lfsType = 'application/vnd.git-lfs+json';

/** More in one request is refused; the stock client asks for 100. */
export const objectLimit = 1000;

/** `POST objects/batch`. Some clients leave the size of downloads out. */
export const batchShape = z.object({
	operation: z.enum(['upload', 'download']),
	transfers: z.array(z.string()).optional(),
	hash_algo: z.string().optional(),
	objects: z.array(
		z.object({
			oid: z.string(),
			size: z.number().int().min(0).optional(),
		}),
	),
});
export type BatchRequest = z.infer<typeof batchShape>;

/** `POST objects/verify`. */
export const verifyShape = z.object({
	oid: z.string().refine(isSha256),
	size: z.number().int().min(0),
});

interface Action {
	readonly href: string;
	readonly header: Readonly<Record<string, string>>;
}

/** One object of the answer. Without actions there is nothing to do: an upload whose bytes are here already. */
export type BatchObject =
	| {
			readonly oid: string;
			readonly size: number;
			readonly authenticated: true;
			readonly actions?: Readonly<Partial<Record<'upload' | 'verify' | 'download', Action>>>;
	  }
	| {
			readonly oid: string;
			readonly size: number;
			readonly error: { readonly code: number; readonly message: string };
	  };
