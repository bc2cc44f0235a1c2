import {
	finishReplyShape,
	heartbeatReplyShape,
	modelReplyShape,
	nextByteShape,
	predictionsReplyShape,
	type Finish,
	type HeartbeatAction,
	type KeptFile,
	type NextByte,
} from '#shared/api/runner-protocol.ts';
import type { RunState } from '#shared/run/run-state.ts';
import { ServerConnection } from './server-connection.ts';

/** Everything a runner says about one attempt. Each call throws a Refusal once the attempt is superseded. */
export class AttemptCalls {
	readonly #connection: ServerConnection;
	readonly #path: string;

	constructor(
		server: string,
		{ run, attempt, token }: { run: string; attempt: number; token: string },
	) {
		this.#connection = new ServerConnection(server, token);
		this.#path = `/api/runs/${run}/attempts/${attempt}`;
	}

	async start(signal: AbortSignal): Promise<void> {
		await this.#connection.post(`${this.#path}/start`, { signal });
	}

	async finishing(signal: AbortSignal): Promise<void> {
		await this.#connection.post(`${this.#path}/finishing`, { signal });
	}

	/** One try: the next heartbeat comes anyway. */
	async heartbeat(signal: AbortSignal): Promise<HeartbeatAction> {
		const reply = await this.#connection.post(`${this.#path}/heartbeat`, {
			signal,
			retryForMs: 0,
			answerWithinMs: 10_000,
		});
		return heartbeatReplyShape.parse(reply).action;
	}

	/** Answers where the log goes on. */
	async log(
		piece: { sequence: number; offset: number; data: Uint8Array },
		signal: AbortSignal,
	): Promise<NextByte> {
		const query = `sequence=${piece.sequence}&offset=${piece.offset}`;
		return this.#send(`log?${query}`, piece.data, signal);
	}

	/** Answers where the file goes on. */
	async metrics(
		file: string,
		piece: { offset: number; data: Uint8Array },
		signal: AbortSignal,
	): Promise<NextByte> {
		const query = `file=${encodeURIComponent(file)}&offset=${piece.offset}`;
		return this.#send(`metrics?${query}`, piece.data, signal);
	}

	async predictions(lines: Uint8Array, signal: AbortSignal) {
		const reply = await this.#connection.post(`${this.#path}/predictions`, {
			bytes: lines,
			signal,
		});
		return predictionsReplyShape.parse(reply);
	}

	async model(files: readonly KeptFile[], signal: AbortSignal) {
		const reply = await this.#connection.post(`${this.#path}/model`, {
			json: { files },
			signal,
			answerWithinMs: 600_000,
		});
		return modelReplyShape.parse(reply);
	}

	/** Answers where that leaves the run. */
	async finish(finish: Finish, signal: AbortSignal, retryForMs?: number): Promise<RunState> {
		const reply = await this.#connection.post(`${this.#path}/finish`, {
			json: finish,
			signal,
			...(retryForMs === undefined ? {} : { retryForMs }),
		});
		return finishReplyShape.parse(reply).state;
	}

	async #send(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<NextByte> {
		const reply = await this.#connection.post(`${this.#path}/${path}`, { bytes, signal });
		return nextByteShape.parse(reply);
	}
}
