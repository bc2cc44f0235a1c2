/** What a trace says about the order in which updates were made durable and told of. */
export interface CommitOrder {
	/** Updates whose fsync, broadcast and acknowledgement are all in the trace. */
	readonly proven: number;
	readonly broadcasts: number;
	readonly acknowledgements: number;
	/** What left before its fsync had returned, a line each. */
	readonly violations: readonly string[];
	/** From the return of the fsync to the broadcast, in milliseconds. */
	readonly fsyncToBroadcastMs: readonly number[];
}

interface Call {
	readonly name: string;
	readonly path: string;
	/** Where in the trace it begins: what came back before it stands on an earlier line. */
	readonly line: number;
	readonly marks: ReadonlySet<string>;
	readonly acknowledgements: ReadonlySet<string>;
}

interface Durable {
	readonly line: number;
	readonly at: number;
}

const begins = /^(\d+) +(\d+\.\d+) (\w+)\(\d+<([^>]*)>/;
const resumes = /^(\d+) +(\d+\.\d+) <\.\.\. (\w+) resumed>/;
const socketCalls = new Set(['write', 'writev', 'sendmsg', 'sendto']);

/** The text in an update by which the trace knows it again, and the payload of its barrier. */
export const markOf = (number: number): string => `mark${String(number).padStart(6, '0')}`;
export const payloadOf = (number: number): string => `ack${String(number).padStart(6, '0')}`;

/**
 * Reads a trace of `strace -f -ttt -y` with whole buffers. An update counts as durable when an fsync of the
 * log's file returned 0 that began after the write with its bytes had ended. Lines stand in the order in which
 * the kernel stopped the threads: a thread whose call has returned goes on only after its line was written, so
 * what it causes stands further down.
 */
export function readCommitOrder(lines: Iterable<string>, logFile: string): CommitOrder {
	const open = new Map<string, Call>();
	const written = new Map<string, number>();
	const durable = new Map<string, Durable>();
	const sent = new Map<string, Durable>();
	const acknowledged = new Map<string, Durable>();
	let number = 0;

	const ended = (call: Call, at: number, line: string): void => {
		if (call.path !== logFile) return;
		const result = /= (-?\d+)[^=]*$/.exec(line)?.[1];
		if (result === undefined || result.startsWith('-')) return;
		if (call.name === 'pwrite64')
			for (const mark of call.marks) if (!written.has(mark)) written.set(mark, number);
		if (call.name !== 'fsync' && call.name !== 'fdatasync') return;
		for (const [mark, line] of written)
			if (line < call.line && !durable.has(mark)) durable.set(mark, { line: number, at });
	};

	for (const line of lines) {
		number++;
		const begun = begins.exec(line);
		if (begun) {
			const [, thread, at, name, path] = begun as unknown as [
				string,
				...[string, string, string, string],
			];
			const call = { name, path, line: number, ...namesIn(line) };
			if (socketCalls.has(name) && /^(socket|TCP)/.test(path)) {
				for (const mark of call.marks) keepFirst(sent, mark, { line: number, at: Number(at) });
				for (const one of call.acknowledgements)
					keepFirst(acknowledged, one, { line: number, at: Number(at) });
			}
			if (line.endsWith('<unfinished ...>')) open.set(thread, call);
			else ended(call, Number(at), line);
			continue;
		}
		const resumed = resumes.exec(line);
		const call = resumed && open.get(resumed[1]!);
		if (!call) continue;
		open.delete(resumed[1]!);
		ended(call, Number(resumed[2]), line);
	}

	const violations: string[] = [];
	const early = (what: string, of: string, event: Durable): void => {
		const fsync = durable.get(of);
		if (!fsync) violations.push(`${what} of ${of} without an fsync before it`);
		else if (event.line <= fsync.line)
			violations.push(`${what} of ${of} before its fsync returned`);
	};
	for (const [mark, event] of sent) early('broadcast', mark, event);
	for (const [payload, event] of acknowledged)
		early('acknowledgement', payload.replace('ack', 'mark'), event);
	return {
		proven: [...sent.keys()].filter((mark) => acknowledged.has(mark.replace('mark', 'ack'))).length,
		broadcasts: sent.size,
		acknowledgements: acknowledged.size,
		violations,
		fsyncToBroadcastMs: [...sent].flatMap(([mark, { at }]) => {
			const fsync = durable.get(mark);
			return fsync ? [(at - fsync.at) * 1000] : [];
		}),
	};
}

function namesIn(line: string): { marks: Set<string>; acknowledgements: Set<string> } {
	return {
		marks: new Set(line.match(/mark\d{6}/g)),
		acknowledgements: new Set(line.match(/ack\d{6}/g)),
	};
}

function keepFirst<T>(all: Map<string, T>, key: string, value: T): void {
	if (!all.has(key)) all.set(key, value);
}
