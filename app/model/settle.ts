import { Answers } from '#app/documents/parts/answers.svelte.ts';
import type { Documents } from '#app/documents/documents.ts';
import { fetchPacket } from '#app/media/keep-batch.ts';
import type { Api } from '#app/net/api.ts';
import type { Replica } from '#app/replica/database.ts';
import type { ReviewEntry } from '#shared/api/replies.ts';
import type { Row } from '#shared/replica/rows.ts';
import { misfits, type Answer } from '#shared/schema/answer.ts';

type Batch = Row<'batches'>;

interface SettleInput {
	readonly entry: ReviewEntry;
	readonly answer: Answer;
	/** Where it is written: of `homeOf`. */
	readonly home: Batch | undefined;
}

/**
 * The batch in which an item is settled: an open one that has one of its answers. Not a blind one, whose member
 * would read there what others answered, and not a closed one, in which the word would be late.
 */
export function homeOf(entry: ReviewEntry, batches: readonly Batch[]): Batch | undefined {
	const named = new Set(entry.heads.map(({ batch }) => batch));
	return batches.find(({ id, state, isBlind }) => state === 'open' && !isBlind && named.has(id));
}

/**
 * Settles an item by an answer, one of those that stand beside each other or another one, which names all of
 * them as seen. Without a home it is written in a batch of this one item, and the server must be there to make
 * it. Answers where it was written and under which id. Throws what the API throws.
 */
export async function settleByAnswer(
	{ api, documents }: { readonly api: Api; readonly documents: Documents },
	{ entry, answer, home }: SettleInput,
): Promise<{ readonly batch: string; readonly submission: string }> {
	const { project, id } = entry.item;
	const { replica, user: me } = documents;
	const packet = home ? undefined : await makeHome(replica, api, entry);
	const batch = home?.id ?? packet!.batch;
	const newest = home?.schemaVersion ?? packet!.schemaVersion;
	const handle = documents.open(`${project}/${batch}/answers`);
	const answers = new Answers(handle);
	try {
		const submission = answers.submit(id, {
			me,
			spentMs: 0,
			schema: await fittingVersion(replica, { project, answer, newest }),
			seen: [
				...(packet?.items ?? []).flatMap(({ heads }) => heads),
				...entry.heads.map((head) => head.submission),
			],
			answer,
		});
		return { batch, submission };
	} finally {
		answers.close();
		handle.release();
	}
}

/** A batch of this one item. */
async function makeHome(replica: Replica, api: Api, { item }: ReviewEntry) {
	const { batch } = await api.post<{ batch: string }>(
		`/api/projects/${item.project}/items/${encodeURIComponent(item.id)}/fix`,
	);
	return fetchPacket(replica, api, batch);
}

/** The newest version of the schema that the answer fits: a label deleted later never breaks one that used it. */
async function fittingVersion(
	replica: Replica,
	{
		project,
		answer,
		newest,
	}: { readonly project: string; readonly answer: Answer; readonly newest: number },
): Promise<number> {
	const rows = await replica.schemas.where('project').equals(project).toArray();
	const fitting = rows
		.filter(({ version, schema }) => version <= newest && misfits(answer, schema).length === 0)
		.map(({ version }) => version);
	return Math.max(...fitting, fitting.length > 0 ? 0 : newest);
}
