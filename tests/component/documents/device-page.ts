import { newDocumentRow } from '#app/documents/device/document-storage.ts';
import { Documents } from '#app/documents/documents.ts';
import { startSync } from '#app/documents/sync/sync.ts';
import { Api } from '#app/net/api.ts';
import { openReplica, type DocumentRow, type Replica } from '#app/replica/database.ts';
import type { Me } from '#shared/api/replies.ts';
import type { KeptDevice } from '../../support/kept-device.ts';

/**
 * The client of the app without its pages, for `tests/bench/catch-up.ts`: the database, documents and sync that
 * a signed-in page opens, driven by a benchmark from outside.
 */
class DevicePage implements KeptDevice {
	readonly #replica: Replica;
	readonly #documents: Documents;

	constructor(documents: Documents, api: Api) {
		this.#documents = documents;
		this.#replica = documents.replica;
		startSync(documents, { api });
	}

	async edit(names: readonly string[], key: string, value: string): Promise<void> {
		for (const name of names) {
			const handle = this.#documents.open(name);
			const { log } = this.#documents.find(name)!;
			while (!log.isLoaded) await log.refresh();
			handle.transact((doc) => doc.getMap('draft').set(key, value));
			await log.whenWritten();
			handle.release();
		}
	}

	waiting(): Promise<number> {
		return this.#replica.documents.where('isDirty').equals(1).count();
	}

	async cursors(names: readonly string[]): Promise<readonly (string | undefined)[]> {
		const rows: (DocumentRow | undefined)[] = await this.#replica.documents.bulkGet([...names]);
		return rows.map((row) => row?.cursor);
	}

	async hasLooked(): Promise<boolean> {
		return (await this.#replica.settings.get('documents-cursor')) !== undefined;
	}
}

globalThis.startDevice = async (names) => {
	const api = new Api();
	const { epoch, user } = await api.get<Me>('/api/me');
	const replica = openReplica(epoch, user.id);
	const rows = names.map((name) => ({ ...newDocumentRow(name), hasServerState: true }));
	await replica.documents.bulkPut(rows);
	globalThis.device = new DevicePage(new Documents(replica, user.id), api.as(user.id));
};
