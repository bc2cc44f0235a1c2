/** What happened since the start, for /metrics. */
export interface Counters {
	committed: number;
	refused: number;
	/** Large updates that were judged beside the main thread. */
	judgedAside: number;
	resyncs: number;
	/** Clients that were told what they lack without their document being loaded. */
	answeredFromLog: number;
	compactions: number;
	/** Readers that fell behind and got one diff when they were back. */
	caughtUpReaders: number;
	closedSlowReaders: number;
}

export function newCounters(): Counters {
	return {
		committed: 0,
		refused: 0,
		judgedAside: 0,
		resyncs: 0,
		answeredFromLog: 0,
		compactions: 0,
		caughtUpReaders: 0,
		closedSlowReaders: 0,
	};
}
