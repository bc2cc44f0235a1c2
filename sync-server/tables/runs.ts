import type { Json } from '#shared/numbers/canonical-json.ts';
import type { Quality, Row } from '#shared/replica/rows.ts';
import type { RunSpec } from '#shared/run/spec.ts';

/** A run as the replica shows it, and the specification it was born with. */
export interface Run extends Row<'runs'> {
	readonly spec: RunSpec;
}

/** One file that a run's model commit keeps. */
export interface Artifact {
	readonly path: string;
	readonly sha256: string;
	readonly sizeBytes: number;
}

export interface NewRun {
	readonly project: string;
	readonly name: string;
	readonly codeCommit: string;
	readonly codeMessage: string;
	readonly dataName: string;
	readonly dataCommit: string;
	readonly spec: RunSpec;
	/** Of this run: one combination where the specification sweeps. */
	readonly params: Readonly<Record<string, Json>>;
	readonly by: string;
	readonly at: string;
	/** What made it; the same origin never makes a second run. */
	readonly origin: string;
}

export interface RunsTable {
	/** Makes runs, queued. A run whose origin is known already is given back instead (`isNew` false). */
	create(runs: readonly NewRun[]): Promise<{ id: string; isNew: boolean }[]>;
	find(id: string): Promise<Run | undefined>;
	artifacts(id: string): Promise<readonly Artifact[]>;
	/** Runs of a project, newest first; `before` is the id to go on from. */
	list(query: { project: string; before?: string; limit: number }): Promise<Run[]>;
	/** Ends a queued run, asks the runner of a live one to stop. Throws `run_ended` for one that has ended. */
	cancel(id: string, at: string): Promise<void>;
	/** Queues a copy of an ended run. Throws `conflict` while the run has not ended. */
	retry(id: string, by: string, at: string): Promise<string>;
	setQuality(id: string, quality: Quality | null): Promise<void>;
	/** Tells the replicas that a run's newest metrics changed; the metrics table alone does not. */
	announce(id: string): Promise<void>;
	/** How many runs are in each state, for the operator. */
	counts(): Promise<Record<string, number>>;
}
