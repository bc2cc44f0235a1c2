import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { Notes } from '#app/documents/parts/notes.svelte.ts';
import { RecoveredNotes } from '#app/model/recovered-notes.svelte.ts';
import { Offline } from '#app/net/api.ts';
import { newEpoch, openTab } from '../documents/device.svelte.ts';

const document = 'reviews/b1/notes';

/** What the server answers, as long as there is a network. */
class Server {
	clients: readonly number[] = [];
	isAway = false;
	readonly asked: string[] = [];

	get<T>(path: string): Promise<T> {
		this.asked.push(path);
		if (this.isAway) return Promise.reject(new Offline());
		return Promise.resolve({ clients: this.clients } as T);
	}
}

test('a note that was brought back is told from one whose author is known, also without a network', async () => {
	const epoch = newEpoch();
	const tab = openTab(epoch);
	const handle = tab.documents.open(document);
	await expect.poll(() => handle.isLoaded).toBe(true);
	const notes = new Notes(handle);
	const own = { id: notes.add({ item: 'r1', text: 'Mine', by: 'u1' }) };
	const lost = new Y.Doc();
	lost
		.getMap('note')
		.set('lost', { item: 'r1', by: 'u2', at: new Date(0).toISOString(), text: 'x' });
	Y.applyUpdate(handle.doc, Y.encodeStateAsUpdate(lost));

	const server = new Server();
	server.clients = [lost.clientID];
	const recovered = new RecoveredNotes({ notes, api: server, replica: tab.replica });
	expect(recovered.has({ id: 'lost' })).toBe(false);
	await Promise.all([recovered.ask(), recovered.ask()]);
	expect([own, { id: 'lost' }, { id: 'unknown' }].map((note) => recovered.has(note))).toEqual([
		false,
		true,
		false,
	]);
	expect(server.asked).toEqual([`/api/sync/recovered?document=${encodeURIComponent(document)}`]);

	server.isAway = true;
	const later = new RecoveredNotes({ notes, api: server, replica: tab.replica });
	await later.ask();
	expect(later.has({ id: 'lost' })).toBe(true);
	server.isAway = false;
	server.clients = [];
	await later.ask();
	expect(later.has({ id: 'lost' })).toBe(false);
});
