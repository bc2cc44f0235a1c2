import Dexie, { type EntityTable, type Table } from 'dexie';
import {
	replicaTables,
	type ItemRow,
	type ReplicaRows,
	type ReplicaTable,
} from '#shared/replica/rows.ts';
import type { Packet } from '#shared/api/replies.ts';

/** One update of a document, or several merged; `seq` counts from 1 within its document, without a gap. */
interface UpdateRow {
	readonly document: string;
	readonly seq: number;
	/** Yjs update, version 1. */
	readonly data: Uint8Array;
}

/** Everything up to `upTo`, folded into one. */
interface SnapshotRow {
	readonly document: string;
	readonly upTo: number;
	/** Yjs updates, version 1, to be applied in this order. */
	readonly pieces?: readonly Uint8Array[];
	/** One Yjs update, version 2: of before there were pieces. */
	readonly data?: Uint8Array;
}

/** Why the server does not take a document at present; damaged: a part of it cannot be read on this device. */
export type Block = 'signed-out' | 'not-found' | 'refused' | 'outdated' | 'damaged';

/** Message 103, as the server sent it. */
export interface Refused {
	readonly code: number;
	readonly reason: string;
}

/** How far a document is, on this device and on the server. */
export interface DocumentRow {
	readonly document: string;
	readonly project: string;
	/** Rises when the log was begun anew after a refusal; a tab with an older one opens the document again. */
	readonly generation: number;
	/** Newest `seq` in the log. */
	readonly head: number;
	/** The snapshot holds everything up to here. */
	readonly foldedTo: number;
	/** How many changes were made on this device, ever. */
	readonly localHead: number;
	/** How many of these are on the server's disk. */
	readonly acked: number;
	/** 1 where localHead > acked. A number, because IndexedDB cannot index booleans. */
	readonly isDirty: 0 | 1;
	/** When it became so; null where it is not. Rows of older versions have none. */
	readonly dirtySince?: string | null;
	/** The server's state was here at least once, so that what is missing is known to be missing. */
	readonly hasServerState: boolean;
	/** Yjs client ids that this person's tabs wrote it with. Rows of older versions have none. */
	readonly ownClients?: readonly number[];
	/** Everything the server had up to this place in its log is here (shared/wire/cursor.ts). */
	readonly cursor?: string;
	/** A state vector: what it covers, the server has on its disk, whoever wrote it. What is unsent lies beyond it. */
	readonly onServer?: Uint8Array;
	readonly block: Block | null;
	/** What message 103 said, until the document has been begun anew. */
	readonly refusal: Refused | null;
	/** Values were written again after a refusal and wait for their acknowledgement. */
	readonly isRewritten: boolean;
}

/** What the server did not accept, kept for its author (design §4, message 103). */
export interface RefusedRow extends Refused {
	readonly id?: number;
	readonly document: string;
	readonly at: string;
	/** The whole document as it was here, a Yjs update of version 2; never sent again. */
	readonly data: Uint8Array;
	/** What could not be written again as a value, readable. */
	readonly notAccepted: readonly { readonly key: string; readonly value: unknown }[];
}

/** What was done to the draft of one item on this device, and can be undone. */
export interface UndoRow {
	readonly document: string;
	readonly item: string;
	readonly at: string;
	/** Steps, oldest first; whoever reads them looks at them first. */
	readonly undo: readonly unknown[];
	readonly redo: readonly unknown[];
}

/** An item as it was visited in the list or found in a packet. */
type KeptItem = ItemRow;

/** What a batch needs without a network. */
export interface PacketRow extends Packet {
	/** Only visited, or asked to be kept with its media, or kept: all of it is here. */
	readonly keep: 'visited' | 'wanted' | 'kept';
	readonly fetchedAt: string;
}

/** Media that lie in Cache Storage, and the kept batches that need them. */
export interface MediaRow {
	/** `<project>/<sha256>` */
	readonly id: string;
	readonly project: string;
	readonly sizeBytes: number;
	readonly batches: readonly string[];
}

interface SettingRow {
	readonly key: string;
	readonly value: unknown;
}

type ReplicaStores = { readonly [T in ReplicaTable]: EntityTable<ReplicaRows[T], 'id'> };

/** Everything of one person on this device: the read-only replica, the logs of documents, bookkeeping. */
export type Replica = Dexie &
	ReplicaStores & {
		readonly items: Table<KeptItem, [string, string]>;
		readonly packets: Table<PacketRow, string>;
		readonly updates: Table<UpdateRow, [string, number]>;
		readonly documentSnapshots: Table<SnapshotRow, string>;
		readonly documents: Table<DocumentRow, string>;
		readonly refused: Table<RefusedRow, number>;
		readonly undo: Table<UndoRow, [string, string]>;
		readonly media: Table<MediaRow, string>;
		readonly settings: Table<SettingRow, string>;
	};

/** The name of someone's database: another epoch or another person never sees it. */
export function replicaName(epoch: string, user: string): string {
	return `flywheel-${epoch}-${user}`;
}

/**
 * Opens one person's database. Strict durability: a transaction that completed is on the disk, which is
 * what "on this device" promises. No cache: with Dexie's own cache tabs were seen to drift apart.
 */
export function openReplica(epoch: string, user: string): Replica {
	const database = new Dexie(replicaName(epoch, user), {
		chromeTransactionDurability: 'strict',
		cache: 'disabled',
	});
	database.version(1).stores({
		...Object.fromEntries(replicaTables.map((table) => [table, indexesOf(table)])),
		items: '[project+id], project',
		packets: 'batch, project',
		updates: '[document+seq]',
		documentSnapshots: 'document',
		documents: 'document, project, isDirty, block',
		refused: '++id, document',
		media: 'id, project, *batches',
		settings: 'key',
	});
	database.version(2).stores({ undo: '[document+item], at' });
	return database as Replica;
}

function indexesOf(table: ReplicaTable): string {
	return table === 'projects' || table === 'runners' ? 'id' : 'id, project';
}
