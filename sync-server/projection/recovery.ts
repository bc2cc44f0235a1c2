import { z } from 'zod';
import type { Tables } from '../tables/tables.ts';

const dayMs = 24 * 60 * 60_000;
/** So long browsers are looked to for what the server lost: who is away for longer is rarely there. */
const recoveryMs = 30 * dayMs;
const key = 'recovery';

const keptShape = z.object({
	/** When it was noticed that the server had lost something. */
	since: z.iso.datetime(),
	/** From when on something may be missing; null where nobody knows. */
	missingFrom: z.iso.datetime().nullable(),
});

/** A time in which the server takes back what it lost from browsers that still have it (S16). */
export interface RecoveryTime extends z.infer<typeof keptShape> {
	readonly until: string;
}

type Settings = Pick<Tables['settings'], 'get' | 'put'>;

/** Notes that the server lost something, for `openRecovery` to find. */
export async function noteLoss(
	settings: Settings,
	{ since, missingFrom }: { readonly since: Date; readonly missingFrom: string | null },
): Promise<void> {
	const kept: z.infer<typeof keptShape> = { since: since.toISOString(), missingFrom };
	await settings.put(key, JSON.stringify(kept));
}

/** Whether the server takes back what it lost. */
export interface Recovery {
	/** Undefined where nothing was lost, or it is too long ago. */
	readonly current: RecoveryTime | undefined;
	/** Something is missing: begins, or begins anew. */
	begin(): Promise<void>;
}

/** Reads whether something was lost. `lengthMs` is how long browsers are looked to (30 days). */
export async function openRecovery(
	settings: Settings,
	{ now = Date.now, lengthMs = recoveryMs }: { now?: () => number; lengthMs?: number } = {},
): Promise<Recovery> {
	const read = async () => {
		const text = await settings.get(key);
		return text === undefined ? undefined : keptShape.parse(JSON.parse(text));
	};
	let kept = await read();
	return {
		get current() {
			if (!kept) return undefined;
			const untilMs = Date.parse(kept.since) + lengthMs;
			return now() < untilMs ? { ...kept, until: new Date(untilMs).toISOString() } : undefined;
		},
		async begin() {
			await noteLoss(settings, { since: new Date(now()), missingFrom: null });
			kept = await read();
		},
	};
}

/** What an operator is told of it. */
export function recoverySentence({ missingFrom, until }: RecoveryTime): string {
	const day = (time: string): string => time.slice(0, 16).replace('T', ' ') + ' UTC';
	const what =
		missingFrom === null
			? 'Some of what people did may be missing'
			: `What people did after ${day(missingFrom)} may be missing`;
	return `${what}. Until ${day(until)} browsers that still have it bring it back by themselves; what is in no browser is lost.`;
}
