import { z } from 'zod';
import { runStates } from '../run/run-state.ts';

/**
 * What a runner and the server say to each other. All calls are JSON over HTTP from the runner; the server
 * never calls back. A claim is made with the runner's token, everything about an attempt with the token the
 * claim returned, which is worth nothing once the attempt is over (409 `superseded`).
 */
export const runnerProtocol = 1;

/** How long an attempt lives without a heartbeat, and how often one is sent. */
export const leaseMs = 30_000;
export const heartbeatMs = 2_000;

/** `POST /api/runner/claim`: waits up to `waitMs` for work. 204 when there is none. */
export const claimShape = z.strictObject({
	protocol: z.number().int(),
	name: z.string().min(1).max(100),
	tags: z.array(z.string().max(50)).max(50).default([]),
	waitMs: z.number().int().min(0).max(60_000).default(25_000),
	/** Attempts whose work folder this runner found at start: it gives them back at once. */
	handBack: z
		.array(z.strictObject({ run: z.string(), attempt: z.number().int() }))
		.max(100)
		.default([]),
});

/** What the runner is to do: everything it needs and nothing it must look up. */
export const assignmentShape = z.object({
	run: z.string(),
	attempt: z.number().int(),
	token: z.string(),
	project: z.string(),
	name: z.string(),
	/** Path of the repository below the address the runner knows the server by; basic auth with this token. */
	gitPath: z.string(),
	codeCommit: z.string(),
	dataCommit: z.string(),
	spec: z.object({
		run: z.string(),
		setup: z.string().optional(),
		params: z.record(z.string(), z.json()),
		keep: z.array(z.string()),
		metrics: z.array(z.string()),
		predictions: z.string().optional(),
		timeoutMs: z.number(),
	}),
});
export type Assignment = z.infer<typeof assignmentShape>;

/** `POST /api/runs/:id/attempts/:n/heartbeat` → what the runner should do. */
export const heartbeatReplyShape = z.object({ action: z.enum(['continue', 'cancel', 'time_out']) });
export type HeartbeatAction = z.infer<typeof heartbeatReplyShape>['action'];

/**
 * `POST …/log?sequence=N&offset=B`: raw bytes (≤ 64 KiB), sequence from 1, offset = bytes before it.
 * `POST …/metrics?file=F&offset=B`: raw JSON lines of one file (`stdout` or a declared path), offset = bytes
 * before them in that file. Both are harmless to send again: the server keeps what it has and answers 200.
 * `POST …/predictions`: whole lines of the predictions file (NDJSON, ≤ 1 MB); an item's last line wins.
 * `POST …/model` (JSON): asks the server to commit kept files already uploaded through LFS.
 */
export const nextByteShape = z.object({
	/** How many bytes the server has: send from here. */
	next: z.number().int().min(0),
	/** Number of the next piece, of a log. */
	nextSequence: z.number().int().min(1).optional(),
});
export type NextByte = z.infer<typeof nextByteShape>;
export const predictionsReplyShape = z.object({
	taken: z.number().int(),
	/** What was not taken and why, at most ten sentences. */
	problems: z.array(z.string()),
});

/** The most bytes in one piece of a log or a metrics file, and of a predictions file. */
export const pieceBytes = 64 * 1024;
export const predictionsPieceBytes = 1024 * 1024;

/** One kept file: its path in the commit, its bytes already in the store (LFS) or inline (small text). */
export const keptFileShape = z.strictObject({
	path: z.string().min(1).max(1024),
	sha256: z.string().regex(/^[0-9a-f]{64}$/),
	sizeBytes: z.number().int().min(0),
	mode: z.enum(['100644', '100755']),
});
export type KeptFile = z.infer<typeof keptFileShape>;
export const modelShape = z.strictObject({ files: z.array(keptFileShape).max(10_000) });
export const modelReplyShape = z.object({ branch: z.string(), commit: z.string() });

/** `POST …/finish`: how the attempt ended, as the runner saw it; `handed_back` when the runner itself stops. */
export const finishShape = z.strictObject({
	outcome: z.enum(['succeeded', 'failed', 'cancelled', 'timed_out', 'handed_back']),
	cause: z.string().max(500).optional(),
	exitCode: z.number().int().nullable(),
	signal: z.string().max(20).nullable(),
	logBytes: z.number().int().min(0),
	failedChunks: z.number().int().min(0),
});
export type Finish = z.infer<typeof finishShape>;

/** Where that leaves the run: anything but `queued` and the runner may forget its checkpoints. */
export const finishReplyShape = z.object({ state: z.enum(runStates) });
