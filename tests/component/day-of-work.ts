import type { DayOfWork } from '../bench/day-of-work.ts';
import { Answers } from '#app/documents/parts/answers.svelte.ts';
import { Documents } from '#app/documents/documents.ts';
import { openReplica } from '#app/replica/database.ts';

/**
 * Labels as the desk does: every drag is a change of its own, an answer and its submission are another.
 * Runs in a page beside the app's own, as one more tab of the same person; `npm run bench -- offline-day`
 * brings it there. Resolves when everything is on the device.
 */
export async function labelADay({
	epoch,
	user,
	batches,
	regionsEach,
}: DayOfWork): Promise<{ readonly regions: number; readonly submissions: number }> {
	const replica = openReplica(epoch, user);
	const documents = new Documents(replica, user);
	let [regions, submissions] = [0, 0];
	for (const { document, items } of batches) {
		const handle = documents.acquire(document);
		const { log } = documents.find(document)!;
		await log.load();
		const answers = new Answers(handle);
		for (const item of items) {
			for (let index = 0; index < regionsEach; index++, regions++)
				handle.transact((doc) =>
					doc.getMap('draft').set(`${item}/r/${crypto.randomUUID()}`, {
						tool: 'objects',
						label: 'bicycle',
						shape: { x: Math.random(), y: Math.random(), w: Math.random(), h: Math.random() },
					}),
				);
			answers.together(() => {
				answers.setValue(item, 'tone', 'warm');
				answers.submit(item, { me: user, spentMs: 5000, schema: 1, seen: [] });
			});
			submissions++;
			// Now and then the page does something else, as between two items.
			if (submissions % 20 === 0) await log.whenWritten();
		}
		await log.whenWritten();
		answers.close();
		handle.release();
	}
	await documents.close();
	replica.close();
	return { regions, submissions };
}
