import { z } from 'zod';
import { answerShape } from '../schema/answer.ts';

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
/** As many digits of a second as anybody can mean: lists go on behind such a time. */
const time = z.iso.datetime().max(40);

/** A value of the root map `submitted` (design §4), as a client wrote it; `by` is a hint, the log decides. */
export const submittedShape = z
	.strictObject({
		item: z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/),
		by: z.string().max(64),
		at: time,
		spentMs: z.number().int().min(0).max(86_400_000),
		schema: z.number().int().min(1),
		answer: answerShape.optional(),
		skipped: z.literal(true).optional(),
		guess: z.enum(['none', 'shown', 'accepted', 'edited']),
		after: z.array(id).max(1000),
	})
	.refine(
		(value) => (value.answer === undefined) !== (value.skipped === undefined),
		'either an answer or a skip',
	);
export type Submitted = z.infer<typeof submittedShape>;

/** A value of the root map `verdict`. */
export const verdictShape = z.strictObject({
	kind: z.enum(['accepted', 'returned']),
	at: time,
	note: z.string().max(4000).optional(),
});
export type VerdictValue = z.infer<typeof verdictShape>;

/** A value of the root map `note`. */
export const noteShape = z.strictObject({
	item: z.string().regex(/^[A-Za-z0-9._:-]{1,128}$/),
	region: z.string().max(64).optional(),
	point: z.tuple([z.number(), z.number()]).optional(),
	replyTo: id.optional(),
	resolves: id.optional(),
	by: z.string().max(64),
	at: time,
	text: z.string().min(1).max(10_000),
});
export type Note = z.infer<typeof noteShape>;

/** A durable submission, as the server knows it: `by` comes from who owns the Yjs client id. */
export interface Submission extends Submitted {
	readonly id: string;
	readonly source: 'human' | 'import' | 'skim';
	/** The batch it was written in; an import has none. */
	readonly batch?: string;
	/** Came after its batch was closed: out of the corpus until a lead takes it in. */
	readonly isLate?: boolean;
	/** An import that was told to replace what people answered: it ranks as a person's word. */
	readonly replaces?: boolean;
	/** An import or skim that was undone. */
	readonly isWithdrawn?: boolean;
}

/** A durable verdict on one submission. */
export interface Verdict extends VerdictValue {
	readonly submission: string;
	readonly user: string;
}
