import { randomUUID } from 'node:crypto';
import { CommandError } from '#shared/api/errors.ts';
import type { BlobsTable } from '../tables/blobs.ts';
import type { OwedPush, PushesTable } from '../tables/pushes.ts';
import type { HookChannel, HookQuestion } from './hook-channel.ts';
import { inspectPush } from './inspect-push.ts';
import { readUpdates, trainingOf } from './ref-policy.ts';
import { readRef, syncFolders } from './refs.ts';

/** How long git may take from being let in to moving the last reference. */
const patienceMs = 5 * 60_000;

/** A push of `train/<name>` that was let in. */
export interface TrainPush {
	readonly project: string;
	readonly name: string;
	readonly commit: string;
	readonly by: string;
	/** `<ref> <commit> <push>`: the same commit pushed anew has another origin, the same push never. */
	readonly origin: string;
	/** Prints a line in the terminal of the one who pushes. */
	readonly report: (line: string) => void;
}

export interface PushDeps {
	readonly hooks: HookChannel;
	readonly tables: { readonly blobs: Pick<BlobsTable, 'findMany'>; readonly pushes: PushesTable };
	readonly folderOf: (project: string) => string;
	readonly resolveData: (project: string, name: string) => Promise<string | undefined>;
	readonly onTrainPush: (push: TrainPush) => Promise<void>;
	readonly url: () => string;
	readonly onFault: (error: unknown) => void;
	readonly now: () => Date;
}

/** A push that git is working on. */
export interface PushUnderWay {
	/** For git's process, so that its hooks find back here. */
	readonly environment: Readonly<Record<string, string>>;
	/** git is done: makes durable what it moved and settles what its hooks did not. */
	finish(): Promise<void>;
	/** Nobody waits any more; must be called in the end. */
	close(): void;
}

/** Lets pushes in or refuses them, and sees to it that each push of `train/*` gets its run. */
export class Pushes {
	readonly #deps: PushDeps;
	readonly #underWay = new Set<string>();

	constructor(deps: PushDeps) {
		this.#deps = deps;
	}

	begin(project: string, by: string): PushUnderWay {
		const { hooks, folderOf } = this.#deps;
		const push = randomUUID();
		const moved: string[] = [];
		this.#underWay.add(push);
		const channel = hooks.open(async (question, print) => {
			if (question.hook === 'post-receive') {
				for (const owed of await this.#owedBy(push)) await this.#settle(owed, print);
				return true;
			}
			moved.push(...readUpdates(question.updates).map(({ ref }) => ref));
			return this.#decide({ push, project, by, question, print });
		});
		return {
			environment: channel.environment,
			finish: async () => {
				if (moved.length > 0) await syncFolders(folderOf(project), moved);
				for (const owed of await this.#owedBy(push)) await this.#settleIfMoved(owed, false);
			},
			close: () => {
				channel.close();
				this.#underWay.delete(push);
			},
		};
	}

	/**
	 * Makes the runs of pushes whose hooks got lost, as in a crash between git and the tables. The git of a
	 * server that was killed may still be about to move a reference, so a young debt is only forgotten later.
	 */
	async settleOwed(): Promise<void> {
		const old = this.#deps.now().getTime() - patienceMs;
		for (const owed of await this.#deps.tables.pushes.list())
			if (!this.#underWay.has(pushOf(owed)))
				await this.#settleIfMoved(owed, Date.parse(owed.at) > old);
	}

	async #decide(request: {
		readonly push: string;
		readonly project: string;
		readonly by: string;
		readonly question: HookQuestion;
		readonly print: (line: string) => void;
	}): Promise<boolean> {
		const { push, project, by, question, print } = request;
		const { tables, folderOf, resolveData, url, onFault, now } = this.#deps;
		try {
			const updates = readUpdates(question.updates);
			const problems = await inspectPush({
				repository: folderOf(project),
				updates,
				quarantine: question.quarantine,
				known: async (hashes) =>
					new Set((await tables.blobs.findMany(project, hashes)).map(({ sha256 }) => sha256)),
				dataProblem: async (name) =>
					(await resolveData(project, name)) === undefined
						? `data: ${name}: there is no snapshot datasets/${name} yet; take one at ${url()}/projects/${project}/snapshots and push again`
						: undefined,
			});
			for (const problem of problems) print(problem);
			if (problems.length > 0) return false;
			const at = now().toISOString();
			const owed = updates
				.filter((update) => trainingOf(update) !== undefined)
				.map(({ ref, to }) => ({ id: `${push} ${ref}`, project, ref, commit: to, by, at }));
			if (owed.length > 0) await tables.pushes.add(owed);
			return true;
		} catch (error) {
			onFault(error);
			print('The server could not look into this push; nothing was changed.');
			return false;
		}
	}

	async #owedBy(push: string): Promise<OwedPush[]> {
		return (await this.#deps.tables.pushes.list()).filter((owed) => pushOf(owed) === push);
	}

	/** A reference that stands elsewhere was never moved, or another push has overtaken this one: nothing is owed. */
	async #settleIfMoved(owed: OwedPush, mayStillMove: boolean): Promise<void> {
		const present = await readRef(this.#deps.folderOf(owed.project), owed.ref);
		if (present === owed.commit) await this.#settle(owed, () => undefined);
		else if (!mayStillMove) await this.#deps.tables.pushes.settle(owed.id);
	}

	/** Makes the run and forgets the debt. A failure of ours leaves it for the next round. */
	async #settle(owed: OwedPush, print: (line: string) => void): Promise<void> {
		const { tables, onTrainPush, onFault } = this.#deps;
		const { project, ref, commit, by } = owed;
		try {
			const name = ref.slice('refs/heads/train/'.length);
			const origin = `${ref} ${commit} ${pushOf(owed)}`;
			await onTrainPush({ project, name, commit, by, origin, report: print });
		} catch (error) {
			if (!(error instanceof CommandError)) {
				onFault(error);
				print('The run could not be queued yet; it will be within a minute.');
				return;
			}
			print(`No run: ${error.message}`);
		}
		await tables.pushes.settle(owed.id);
	}
}

function pushOf({ id }: OwedPush): string {
	return id.slice(0, id.indexOf(' '));
}
