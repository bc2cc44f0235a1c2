import { Answers } from '#app/documents/answers.svelte.ts';
import type { Documents } from '#app/documents/documents.ts';
import type { Api } from '#app/net/api.ts';
import { fetchPacket } from '#app/media/keep-batch.ts';
import type { ReviewEntry } from '#shared/api/replies.ts';
import type { Answer } from '#shared/schema/answer.ts';

/**
 * Settles an item of a project that does without verdicts: writes the chosen answer once more, naming all
 * others as seen, in a batch of this one item. Needs the network for the batch; the answer itself is as safe
 * as any other. Throws what the API throws.
 */
export async function settleByAnswer(
	{ api, documents }: { readonly api: Api; readonly documents: Documents },
	{ entry, answer }: { readonly entry: ReviewEntry; readonly answer: Answer },
): Promise<void> {
	const { project, id } = entry.item;
	const { batch } = await api.post<{ batch: string }>(
		`/api/projects/${project}/items/${encodeURIComponent(id)}/fix`,
	);
	const packet = await fetchPacket(documents.replica, api, batch);
	const handle = documents.open(`${project}/${batch}/answers`);
	const answers = new Answers(handle);
	try {
		await documents.find(handle.name)!.whenOnDevice();
		answers.submit(id, {
			me: documents.user,
			spentMs: 0,
			schema: packet.schemaVersion,
			seen: [
				...packet.items.flatMap(({ heads }) => heads),
				...entry.heads.map(({ submission }) => submission),
			],
			answer,
		});
	} finally {
		answers.close();
		handle.release();
	}
}
