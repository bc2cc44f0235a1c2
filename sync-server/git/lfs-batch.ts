import { isSha256 } from '#shared/numbers/hash.ts';
import type { BatchObject, BatchRequest } from './lfs-shapes.ts';

export interface BatchContext {
	/** Address of the project's LFS, `…/git/<project>.git/info/lfs`. */
	readonly base: string;
	/** The caller's own credentials, for the transfers. */
	readonly authorization: string;
	/** Sizes of the objects that the project has, by hash. */
	readonly sizes: ReadonlyMap<string, number>;
}

/** What a client is to do with each object it asked about. */
export function answerBatch(request: BatchRequest, context: BatchContext): BatchObject[] {
	return request.objects.map(({ oid, size }) => {
		const known = context.sizes.get(oid);
		const asked = { oid, size: size ?? known ?? 0 };
		const fail = (code: number, message: string): BatchObject => ({
			...asked,
			error: { code, message },
		});
		if (!isSha256(oid)) return fail(422, 'an object is named by 64 lower-case hex digits');
		if (known !== undefined && size !== undefined && size !== known)
			return fail(422, `this object has ${known} bytes, not ${size}`);
		if (request.operation === 'download') {
			if (known === undefined) return fail(404, 'this project has no such object');
			const download = action(`${context.base}/objects/${oid}`, context);
			return { ...asked, authenticated: true, actions: { download } };
		}
		if (known !== undefined) return { ...asked, authenticated: true };
		const upload = action(`${context.base}/objects/${oid}`, context);
		const verify = action(`${context.base}/objects/verify`, context);
		return { ...asked, authenticated: true, actions: { upload, verify } };
	});
}

function action(
	href: string,
	{ authorization }: BatchContext,
): { href: string; header: Record<string, string> } {
	return { href, header: { Authorization: authorization } };
}
