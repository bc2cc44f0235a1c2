import type { Contender } from './peers/contender.ts';
import type { FanOutResult } from './load/fan-out.ts';
import { runLoad } from './load/run-load.ts';
import type { WavesResult } from './load/waves.ts';

/** Many on one document. */
export interface FanOutCase {
	readonly kind: 'fan-out';
	readonly name: string;
	readonly clients: number;
	readonly updatesPerSecond: number;
	/** Processor time is held against the peer; elsewhere it is told. */
	readonly isCpuHeld: boolean;
}

/** Many on many documents at once. */
export interface WavesCase {
	readonly kind: 'waves';
	readonly name: string;
	readonly clients: number;
	readonly documents: number;
}

export type Case = FanOutCase | WavesCase;

const fan = (
	clients: number,
	updatesPerSecond: number,
	isCpuHeld: boolean,
	name = `${clients} × ${updatesPerSecond}/s`,
): FanOutCase => ({ kind: 'fan-out', name, clients, updatesPerSecond, isCpuHeld });

export const cases: readonly Case[] = [
	fan(200, 400, true),
	fan(50, 1000, false),
	fan(10, 200, false),
	fan(50, 20_000, true, 'saturation'),
	{ kind: 'waves', name: 'storm', clients: 2000, documents: 1000 },
];

/** The same, smaller: to see in a minute that it works. */
export const quickCases: readonly Case[] = [
	fan(50, 200, true, '200 × 400/s'),
	fan(10, 200, false),
	{ kind: 'waves', name: 'storm', clients: 100, documents: 50 },
];

export type CaseResult =
	({ readonly kind: 'fan-out' } & FanOutResult) | ({ readonly kind: 'waves' } & WavesResult);

/** Starts the server afresh, loads it, and ends it. */
export async function measure(
	contender: Contender,
	one: Case,
	measureMs: number,
): Promise<CaseResult> {
	const running = await contender.start(one.kind === 'waves' ? one.documents : 1);
	const { target } = running;
	try {
		if (one.kind === 'waves')
			return {
				kind: 'waves',
				...(await runLoad({ kind: 'waves', target, clients: one.clients })),
			};
		const { clients, updatesPerSecond } = one;
		const warmUpMs = measureMs / 2;
		const job = { target, clients, updatesPerSecond, warmUpMs, measureMs };
		return { kind: 'fan-out', ...(await runLoad({ kind: 'fan-out', ...job })) };
	} finally {
		await running.stop();
	}
}
