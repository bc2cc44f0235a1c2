import type { Finish, HeartbeatAction } from '#shared/api/runner-protocol.ts';
import type { RunState } from '#shared/run/run-state.ts';
import type { Artifact, Run } from './runs.ts';

/** A machine that asks for work: its token and the name it gives itself. */
export interface Runner {
	readonly id: string;
	readonly name: string;
	readonly tags: readonly string[];
}

export interface AttemptKey {
	readonly run: string;
	readonly attempt: number;
}

/** Every method about an attempt throws `superseded` when it no longer is the live attempt of its run. */
export interface AttemptsTable {
	/**
	 * Gives the oldest queued run that the runner fits to it, as a new attempt; undefined when there is
	 * none. `projects` are those whose code may run on the machine, null for all.
	 */
	claim(request: {
		runner: Runner;
		projects: readonly string[] | null;
		tokenHash: string;
		at: string;
	}): Promise<{ run: Run; attempt: number } | undefined>;
	/** Whose token this is, also once the attempt is over. */
	byToken(tokenHash: string): Promise<(AttemptKey & { project: string }) | undefined>;
	/**
	 * A sign of life. Prolongs the lease; a lost attempt whose run nobody has taken lives again. Throws
	 * `superseded` for any other that is over.
	 */
	alive(key: AttemptKey, at: string): Promise<void>;
	/** Throws `superseded` unless the attempt lives. */
	check(key: AttemptKey): Promise<void>;
	/** The command is about to start. */
	start(key: AttemptKey, at: string): Promise<void>;
	/** The command has ended well; what it made is being brought in. */
	finishing(key: AttemptKey, at: string): Promise<void>;
	/** A sign of life, answered with what the runner should do. */
	heartbeat(key: AttemptKey, at: string): Promise<HeartbeatAction>;
	setModel(
		key: AttemptKey,
		model: { branch: string; commit: string; artifacts: readonly Artifact[] },
	): Promise<void>;
	/** Ends the attempt and says where that leaves the run (`queued` where it is tried again). */
	finish(key: AttemptKey, finish: Finish, at: string): Promise<RunState>;
	/** Gives back attempts of a runner token whose process is gone. What is not its own is passed over. */
	handBack(token: string, keys: readonly AttemptKey[], at: string): Promise<void>;
	/** The claim was answered to nobody: the run is queued again as if it had not been made. */
	release(key: AttemptKey, at: string): Promise<void>;
	/**
	 * Decides what time decides: attempts without a heartbeat since `silentSince` are lost, and so are those
	 * whose last one is of later than `heardUntil`, by a clock that was set back since; those past their timeout
	 * whose runner did not report it by `graceMs` later are timed out. Returns the runs it moved.
	 */
	sweep(clock: {
		now: string;
		silentSince: string;
		heardUntil?: string;
		graceMs: number;
	}): Promise<string[]>;
	/** Attempts of a run, oldest first. */
	list(run: string): Promise<readonly AttemptRow[]>;
}

export interface AttemptRow {
	readonly attempt: number;
	readonly runner: string;
	readonly claimedAt: string;
	readonly startedAt: string | null;
	readonly endedAt: string | null;
	readonly outcome: string | null;
	readonly exitCode: number | null;
	readonly signal: string | null;
	readonly failedChunks: number;
	/** The lowest step it reported, null before the first metric. */
	readonly firstStep: number | null;
}
