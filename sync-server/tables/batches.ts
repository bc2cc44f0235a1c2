import type { BatchState, Membership, Role } from '#shared/access/access.ts';
import type { Packet } from '#shared/api/replies.ts';
import type { BatchPurpose } from '#shared/replica/rows.ts';
import type { ItemFilter } from './items.ts';

export interface Batch {
	readonly id: string;
	readonly project: string;
	readonly name: string;
	readonly purpose: BatchPurpose;
	readonly state: BatchState;
	readonly schemaVersion: number;
	readonly size: number;
	readonly isBlind: boolean;
	readonly createdAt: string;
	readonly createdBy: string;
	readonly closedAt: string | null;
	readonly members: readonly string[];
}

/** Which items go into new batches. */
export type Choice =
	| { readonly kind: 'items'; readonly items: readonly string[] }
	| {
			readonly kind: 'choose';
			readonly by: 'random' | 'oldest' | 'filter';
			readonly count: number;
			readonly filter: ItemFilter;
			/** For `random`: the same seed over the same items chooses the same. */
			readonly seed: number;
	  };

/** How a person stands to a batch. */
export interface BatchStanding {
	readonly batch: Batch;
	/** Undefined for somebody who is not in the project. */
	readonly role: Role | undefined;
	readonly isMember: boolean;
}

/** Where a person stands, in all projects that they are in. */
export interface PersonStandings {
	readonly projects: readonly { readonly project: string; readonly role: Role }[];
	/** Batches that they are a member of, in these projects. */
	readonly batches: readonly (Pick<Membership, 'isBlind'> & {
		readonly project: string;
		readonly batch: string;
		readonly state: BatchState;
		readonly role: Role;
	})[];
}

export interface BatchesTable {
	/** When a batch that is closed was closed last, in ISO time; undefined where none is. */
	lastClosed(): Promise<string | undefined>;
	/**
	 * Makes batches of at most `size` items; with overlap *k* each item is in *k* of them, and a blind batch has one
	 * member. Throws `bad_request` for members or items that are not there, `no_items` where nothing is left.
	 */
	create(request: {
		project: string;
		purpose: BatchPurpose;
		name: string | undefined;
		choice: Choice;
		members: readonly string[];
		overlap: number;
		isBlind: boolean;
		size: number;
		by: string;
		at: string;
	}): Promise<{ batches: string[] }>;
	/**
	 * The person's next batch: an open one with items left that is not among `besides`, else a new one from
	 * the pool. Two people never get the same item. Throws `no_items`.
	 */
	take(request: {
		project: string;
		user: string;
		count: number;
		besides: readonly string[];
		at: string;
	}): Promise<{ batch: string; isNew: boolean }>;
	/** A batch of one item for a person to write a new answer; an unused one is given again. Throws `not_found`. */
	fix(request: {
		project: string;
		item: string;
		user: string;
		at: string;
	}): Promise<{ batch: string; isNew: boolean }>;
	find(batch: string): Promise<Batch | undefined>;
	standing(batch: string, user: string): Promise<BatchStanding | undefined>;
	/** How a person stands to everything, in the order of the names. */
	standings(user: string): Promise<PersonStandings>;
	/** What comes later is late. Closing a closed batch changes nothing. */
	close(batch: string, at: string): Promise<void>;
	/** Opens it again and takes in what was late, but for what a lead has set aside. */
	reopen(batch: string): Promise<void>;
	/** Throws `bad_request` for members that are not in the project, or more than one in a blind batch. */
	change(change: {
		batch: string;
		name?: string | undefined;
		members?: readonly string[] | undefined;
	}): Promise<void>;
	packet(batch: string): Promise<Packet | undefined>;
	/** Batches that hold an item, open or closed, the newest first. */
	holding(project: string, item: string): Promise<string[]>;
}
