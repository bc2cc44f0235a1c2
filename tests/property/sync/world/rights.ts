import { CommandError } from '#shared/api/errors.ts';
import { access, type Access, type Role } from '#shared/access/access.ts';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import type { Documents } from '#sync-server/documents/documents.ts';
import { project, roles, type openTestTables, type TestBatch } from './tables-in-memory.ts';

type Change = Parameters<Documents['rightsChanged']>[0];

/**
 * Who may do what, as the laws see it: a model beside the tables. Each change is a command to the tables, and
 * answers what the server is to be told; undefined where the tables refused it.
 */
export class Rights {
	readonly #tables: ReturnType<typeof openTestTables>;
	readonly #now: () => string;
	readonly #roles = new Map<string, Role>(Object.entries(roles));
	readonly #members = new Map<string, ReadonlySet<string>>();

	constructor(tables: ReturnType<typeof openTestTables>, now: () => string) {
		this.#tables = tables;
		this.#now = now;
		this.#readMembers();
	}

	/** What somebody may do with a document now, by the one function that says so. */
	accessOf(user: string, path: string): Access {
		const { batch, part } = parseDocumentName(path)!;
		const { isBlind } = this.#tables.batches.find(({ id }) => id === batch)!;
		const isMember = this.#members.get(batch)!.has(user);
		return access(this.#roles.get(user), { isMember, isBlind }, 'open', part);
	}

	setRole(user: string, role: Role | undefined): Change {
		const { database, nouns } = this.#tables;
		if (role === undefined) this.#roles.delete(user);
		else this.#roles.set(user, role);
		database.transaction(() => {
			if (role === undefined) nouns.members.remove(project, user);
			else nouns.members.put({ project, user, role, hasCode: false, joinedAt: this.#now() });
		});
		this.#readMembers();
		return { project, user };
	}

	/** Puts somebody into a batch, or takes them out of it. */
	flipMember(batch: TestBatch, user: string): Change | undefined {
		const before = [...this.#members.get(batch.id)!];
		const without = before.filter((one) => one !== user);
		return this.#setMembers(batch, without.length < before.length ? without : [...before, user]);
	}

	/** A blind round gets another person: who had it has it no more. */
	moveBlind(batch: TestBatch, user: string): Change | undefined {
		return batch.isBlind ? this.#setMembers(batch, [user]) : undefined;
	}

	/** Closes a batch, or opens it again. */
	flipState({ id }: TestBatch): Change {
		const { database, nouns } = this.#tables;
		const { state } = nouns.batches.find(id)!;
		database.transaction(() =>
			state === 'open' ? nouns.batches.close(id, this.#now()) : nouns.batches.reopen(id),
		);
		return { project, batch: id };
	}

	#setMembers({ id }: TestBatch, members: readonly string[]): Change | undefined {
		const { database, nouns } = this.#tables;
		try {
			database.transaction(() => nouns.batches.change({ batch: id, members }));
		} catch (error) {
			// Nobody at all, two in a blind round, somebody who writes nothing.
			if (error instanceof CommandError && error.code === 'bad_request') return undefined;
			throw error;
		}
		this.#readMembers();
		return { project, batch: id };
	}

	#readMembers(): void {
		const { batches, nouns } = this.#tables;
		for (const { id } of batches) this.#members.set(id, new Set(nouns.batches.find(id)!.members));
	}
}
