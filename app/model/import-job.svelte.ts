import { Offline, type Api } from '#app/net/api.ts';
import type { ImportProgress, ImportReport } from '#shared/api/replies.ts';

export type ImportState =
	| { readonly kind: 'idle' }
	| {
			readonly kind: 'sending';
			readonly fileName: string;
			readonly sentBytes: number;
			readonly totalBytes: number;
			/** What the server has read and taken in so far. */
			readonly lines: number;
			readonly items: number;
	  }
	| { readonly kind: 'done'; readonly fileName: string; readonly report: ImportReport }
	| {
			readonly kind: 'failed';
			readonly fileName: string;
			readonly message: string;
			readonly hint?: string;
	  };

/**
 * One file on its way into a project. It goes on while other pages of the app are open; what the server has
 * taken in stays when the connection is lost, and sending the file again is harmless.
 */
export class ImportJob {
	#state = $state.raw<ImportState>({ kind: 'idle' });
	#abort: AbortController | undefined;

	get state(): ImportState {
		return this.#state;
	}

	async send(api: Api, project: string, file: File): Promise<void> {
		const fileName = file.name;
		const abort = new AbortController();
		this.#abort = abort;
		this.#state = {
			kind: 'sending',
			fileName,
			sentBytes: 0,
			totalBytes: file.size,
			lines: 0,
			items: 0,
		};
		addEventListener('beforeunload', askBeforeLeaving);
		try {
			await api.stream(
				`/api/projects/${project}/import?format=auto&progress=1`,
				file,
				(line) => this.#hear(fileName, line as ImportProgress),
				{
					signal: abort.signal,
					headers: { 'content-type': 'application/octet-stream' },
					onSent: (sentBytes) => this.#sent(sentBytes),
				},
			);
			if (this.#state.kind === 'sending') throw new Offline(); // the answer broke off before its end
		} catch (error) {
			this.#state = failed(fileName, error, abort.signal.aborted);
		} finally {
			removeEventListener('beforeunload', askBeforeLeaving);
		}
	}

	stop(): void {
		this.#abort?.abort();
	}

	/** Ready for the next file. */
	clear(): void {
		if (this.#state.kind !== 'sending') this.#state = { kind: 'idle' };
	}

	#sent(sentBytes: number): void {
		if (this.#state.kind === 'sending') this.#state = { ...this.#state, sentBytes };
	}

	#hear(fileName: string, line: ImportProgress): void {
		switch (line.kind) {
			case 'progress':
				if (this.#state.kind === 'sending')
					this.#state = { ...this.#state, lines: line.lines, items: line.items };
				return;
			case 'done':
				this.#state = { kind: 'done', fileName, report: line.report };
				return;
			case 'failed':
				this.#state = failed(fileName, line.error, false);
		}
	}
}

/** The job of a project lives as long as the person's session, so that it is found again on return. */
const jobs = new WeakMap<Api, Map<string, ImportJob>>();

export function importJobOf(api: Api, project: string): ImportJob {
	const ofApp = jobs.get(api) ?? new Map<string, ImportJob>();
	jobs.set(api, ofApp);
	const job = ofApp.get(project) ?? new ImportJob();
	ofApp.set(project, job);
	return job;
}

function failed(fileName: string, error: unknown, isStopped: boolean): ImportState {
	if (isStopped)
		return {
			kind: 'failed',
			fileName,
			message: 'Stopped.',
			hint: 'What was taken in stays; sending the file again completes it.',
		};
	const { message, hint } = error as { message: string; hint?: string };
	if (error instanceof Offline)
		return {
			kind: 'failed',
			fileName,
			message: 'The server cannot be reached.',
			hint: 'What was taken in stays; send the file again and it goes on from there.',
		};
	return { kind: 'failed', fileName, message, ...(hint === undefined ? {} : { hint }) };
}

function askBeforeLeaving(event: BeforeUnloadEvent): void {
	event.preventDefault();
}
