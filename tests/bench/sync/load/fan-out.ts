import { setTimeout as wait } from 'node:timers/promises';
import { processCost } from '../process-cost.ts';
import type { Target } from '../peers/contender.ts';
import { Link } from './link.ts';
import { readMarkers } from './marker.ts';
import { Writer } from './writer.ts';

const writers = 10;
/** When nothing came for so long, the rest is not coming. */
const silenceMs = 5000;
const drainMs = 20_000;

/** Many on one document, ten of whom write. */
export interface FanOut {
	readonly kind: 'fan-out';
	readonly target: Target;
	readonly clients: number;
	readonly updatesPerSecond: number;
	readonly warmUpMs: number;
	readonly measureMs: number;
}

export interface FanOutResult {
	/** Updates that reached somebody else, a second, until the last had arrived. */
	readonly deliveredPerSecond: number;
	/** Of what everybody else should have got. */
	readonly deliveredShare: number;
	readonly p50Ms: number;
	readonly p99Ms: number;
	readonly cpuSecondsPer1000: number;
	readonly residentMb: number;
	/** Share of the updates that the server said are taken, for a server with barriers; and how late. */
	readonly acknowledgedShare: number;
	readonly receiptP50Ms: number;
	readonly receiptP99Ms: number;
}

export async function fanOut(job: FanOut): Promise<FanOutResult> {
	const { target, clients, updatesPerSecond, measureMs } = job;
	const asks = target.dialect === 'flywheel';
	const writing = Array.from({ length: writers }, (_, number) => new Writer(number, asks));
	const latencies = new Float64Array(((clients - 1) * updatesPerSecond * measureMs * 1.2) / 1000);
	let delivered = 0;
	let lastAt = performance.now();

	const links: Link[] = [];
	for (let index = 0; index < clients; index++) {
		const writer = writing[index];
		const synced = Promise.withResolvers<void>();
		const link: Link = new Link({
			target,
			document: target.documents[0]!,
			person: index,
			heard: {
				step1: () => link.step2(writer?.state() ?? Uint8Array.of(0, 0)),
				step2: () => synced.resolve(),
				update(update) {
					const now = performance.now();
					readMarkers(update, (by, at) => {
						if (by === index) return;
						lastAt = now;
						latencies[delivered++] = now - at;
					});
				},
				receipt: () => writer?.receipt(),
				closed: (code) => synced.reject(new Error(`the server closed with ${code}`)),
			},
		});
		await link.opened();
		writer?.connect(link);
		link.step1(Uint8Array.of(0));
		await synced.promise;
		links.push(link);
	}

	const drained = async (expected: number): Promise<void> => {
		const until = performance.now() + drainMs;
		while (delivered < expected || !writing.every((writer) => writer.isConfirmed)) {
			const now = performance.now();
			if (now > until || now - lastAt > silenceMs) return;
			await wait(20);
		}
	};

	const warmUp = (updatesPerSecond * job.warmUpMs) / 1000;
	await paced(warmUp, updatesPerSecond, (n) => writing[n % writers]!.write());
	await drained(warmUp * (clients - 1));
	delivered = 0;
	for (const writer of writing) writer.receiptMs.length = 0;

	const count = (updatesPerSecond * measureMs) / 1000;
	const asked = count * (clients - 1);
	const before = processCost(target.pid);
	const began = performance.now();
	await paced(count, updatesPerSecond, (n) => writing[n % writers]!.write());
	await drained(asked);
	const after = processCost(target.pid);
	const seconds = Math.max(measureMs, lastAt - began) / 1000;
	for (const link of links) link.close();

	const sorted = latencies.subarray(0, delivered).sort();
	const receipts = Float64Array.from(writing.flatMap(({ receiptMs }) => receiptMs)).sort();
	const written = writing.reduce((sum, writer) => sum + writer.written, 0);
	const acknowledged = writing.reduce((sum, writer) => sum + writer.acknowledged, 0);
	return {
		deliveredPerSecond: delivered / seconds,
		deliveredShare: delivered / asked,
		p50Ms: at(sorted, 0.5),
		p99Ms: at(sorted, 0.99),
		// Of those that arrived: a server that leaves most of them lying does not look cheap.
		cpuSecondsPer1000: ((after.cpuSeconds - before.cpuSeconds) * 1000 * (clients - 1)) / delivered,
		residentMb: after.residentMb,
		acknowledgedShare: acknowledged / written,
		receiptP50Ms: at(receipts, 0.5),
		receiptP99Ms: at(receipts, 0.99),
	};
}

/** The value below which a share of the sorted values lie. */
export function at(sorted: Float64Array, share: number): number {
	return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** Calls `work` `count` times at an even rate, catching up after a stall. */
async function paced(count: number, perSecond: number, work: (n: number) => void): Promise<void> {
	const began = performance.now();
	for (let n = 0; n < count;) {
		const due = Math.min(count, Math.ceil(((performance.now() - began) / 1000) * perSecond));
		while (n < due) work(n++);
		await wait(1);
	}
}
