import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import {
	mayRewrite,
	rewrite,
	unsentEntries,
	type UnsentEntry,
} from '#app/documents/unsent/rewrite.ts';
import { closeCodes, refusals } from '#shared/wire/close-codes.ts';
import { parseDocumentName } from '#shared/wire/document-name.ts';
import { readMessage, writeMessage, type Message } from '#shared/wire/messages.ts';
import type { MemorySocket } from '../../../support/memory-socket.ts';

/** What a device needs of the world around it. */
export interface Surroundings {
	readonly user: string;
	newClientId(): number;
	/** A socket to the server; undefined where nothing answers. */
	connect(
		cursor: string | undefined,
		ears: { message: (message: Message) => void; closed: (code: number) => void },
	): MemorySocket | undefined;
	/** The server said that these changes are on its disk. */
	acknowledged(updates: readonly Uint8Array[]): void;
	/** The server sent this. */
	heard(update: Uint8Array): void;
}

/** One page that has the document open. Everything up to row `seen` of the device's log is in it. */
interface Tab {
	readonly doc: Y.Doc;
	seen: number;
	/** How many of these rows are changes made on this device. */
	localSeen: number;
}

/** The one connection that a device has for a document, as its leading tab holds it. */
interface Link {
	readonly socket: MemorySocket;
	readonly tab: Tab;
	/** The server was sent everything. */
	isOpen: boolean;
	/** How many changes of the device a barrier asks for. */
	barrier: number | undefined;
	/** What the document held when the server was told a cursor. */
	readonly vouchedFor: Uint8Array | undefined;
	/** What was sent, to be sent once more. */
	readonly sent: Uint8Array[];
	/** An update that is to be overtaken by the next one. */
	held: Uint8Array | undefined;
}

interface Row {
	readonly data: Uint8Array;
	readonly isLocal: boolean;
}

type Trouble = 'signed out' | 'not found' | { readonly code: number };

/**
 * One document on one device, by the rules that the app keeps (app/documents): a log that several tabs share,
 * one connection, barriers that count changes of the device, a new beginning after a refusal. Here it has no
 * IndexedDB and no browser, and whoever drives it decides when what happens.
 */
export class DeviceDocument {
	readonly path: string;
	/** What was written here and refused for good; it is kept for its author. */
	readonly aside: UnsentEntry[] = [];
	readonly tabs: Tab[] = [];
	trouble: Trouble | undefined;
	readonly #around: Surroundings;
	#rows: Row[] = [];
	#localHead = 0;
	#acked = 0;
	#cursor: string | undefined;
	#isRewritten = false;
	#link: Link | undefined;
	/** Asks for the server's state after a refusal. */
	#asking: MemorySocket | undefined;
	/** Changes by their number, as long as nobody acknowledged them. */
	readonly #unsent = new Map<number, Uint8Array>();
	#presenceClock = 0;

	constructor(path: string, around: Surroundings) {
		this.path = path;
		this.#around = around;
		this.openTab();
	}

	get isConnected(): boolean {
		return this.#link !== undefined;
	}

	/** Everything written here is on the server's disk, as far as this device was told. */
	get isSettled(): boolean {
		return this.trouble === undefined && this.#link?.isOpen === true && !this.isDirty;
	}

	/** Anything was ever written in it, here or elsewhere. */
	get isWritten(): boolean {
		return this.#rows.length > 0;
	}

	get isDirty(): boolean {
		return this.#localHead > this.#acked;
	}

	/** The document as this device holds it, in a doc of its own. */
	whole(): Y.Doc {
		const doc = new Y.Doc();
		for (const { data } of this.#rows) Y.applyUpdate(doc, data);
		return doc;
	}

	openTab(): void {
		const doc = new Y.Doc();
		doc.clientID = this.#around.newClientId();
		const tab: Tab = { doc, seen: 0, localSeen: 0 };
		this.tabs.push(tab);
		this.readLog(this.tabs.length - 1);
		const queue: Row[] = [];
		doc.on('update', (data: Uint8Array, origin: unknown) => {
			const link = this.#link;
			if (link?.tab === tab && origin !== 'server') this.#sendUpdate(link, data);
			if (origin !== 'log') queue.push({ data, isLocal: origin !== 'server' });
		});
		doc.on('afterAllTransactions', () => {
			const rows = queue.splice(0);
			if (rows.length > 0) this.#write(tab, rows);
		});
	}

	/**
	 * A tab goes, as when it crashes; what it wrote is in the log. Where it had the connection, the server hears
	 * of that only later: answers what is to be cut then.
	 */
	closeTab(index: number): MemorySocket | undefined {
		if (this.tabs.length === 1) return undefined;
		const [tab] = this.tabs.splice(index % this.tabs.length, 1);
		const socket = this.#link?.tab === tab ? this.disconnect('abandon') : undefined;
		tab!.doc.destroy();
		return socket;
	}

	/** A tab takes in what other tabs wrote. */
	readLog(index: number): void {
		this.#read(this.tabs[index % this.tabs.length]!);
		this.#askForConfirmation();
	}

	edit(index: number, change: (doc: Y.Doc) => void): void {
		const { doc } = this.tabs[index % this.tabs.length]!;
		doc.transact(() => change(doc), 'here');
	}

	/** One tab connects, where none is. */
	connect(index: number): void {
		if (this.#link || typeof this.trouble === 'object') return;
		this.trouble = undefined;
		const tab = this.tabs[index % this.tabs.length]!;
		this.#read(tab);
		const isLevel = !this.isDirty && this.#cursor !== undefined;
		const socket = this.#around.connect(isLevel ? this.#cursor : '', {
			message: (message) => this.#hear(socket!, message),
			closed: (code) => this.#closed(socket!, code),
		});
		if (!socket) return;
		this.#link = {
			socket,
			tab,
			isOpen: false,
			barrier: undefined,
			vouchedFor: isLevel ? Y.encodeStateVector(tab.doc) : undefined,
			sent: [],
			held: undefined,
		};
		this.#send(this.#link, { kind: 'step1', stateVector: Y.encodeStateVector(tab.doc) });
	}

	/** The network goes: both ends know, or the server hears of it only later. Answers what is to be cut then. */
	disconnect(how: 'cut' | 'abandon'): MemorySocket | undefined {
		const socket = this.#link?.socket;
		this.#link = undefined;
		if (how === 'cut') socket?.cut();
		else socket?.abandon();
		return socket;
	}

	/** Bytes stop where they are, or go on. */
	hold(isHeld: boolean): void {
		if (isHeld) this.#link?.socket.hold();
		else this.#link?.socket.release();
	}

	/** Some of what is held goes on its way. */
	trickle(count: number): void {
		this.#link?.socket.trickle(count);
	}

	/** Sends something once more that it sent on this connection. */
	repeat(which: number): void {
		const link = this.#link;
		const frame = link?.sent[which % Math.max(1, link.sent.length)];
		if (frame) link.socket.send(frame);
	}

	/** The next update is overtaken by the one after it. */
	overtake(): void {
		if (this.#link) this.#link.held ??= new Uint8Array();
	}

	/** Sends a message that breaks off: the frame is whole and says half, or the connection breaks within it. */
	breakOff(how: 'message' | 'frame'): void {
		const link = this.#link;
		if (!link) return;
		const update = Y.encodeStateAsUpdate(link.tab.doc);
		const frame = writeMessage({ kind: 'update', update });
		if (how === 'frame') link.socket.sendPart(frame);
		else link.socket.send(frame.subarray(0, Math.ceil(frame.length / 2)));
	}

	/** Shows where this person is. */
	showSelf(): void {
		const link = this.#link;
		if (!link) return;
		const { clientID } = link.tab.doc;
		const update = encoding.encode((out) => {
			encoding.writeVarUint(out, 1);
			encoding.writeVarUint(out, clientID);
			encoding.writeVarUint(out, ++this.#presenceClock);
			encoding.writeVarString(out, JSON.stringify({ item: 'i1' }));
		});
		this.#send(link, { kind: 'awareness', update });
	}

	/** After a refusal: asks for the server's state; once it is there the document begins anew from it. */
	beginAnew(): void {
		if (typeof this.trouble !== 'object' || this.#asking) return;
		const { code } = this.trouble;
		const fresh = new Y.Doc();
		const asking = this.#around.connect(undefined, {
			message: (message) => {
				if (message.kind !== 'step2') return;
				Y.applyUpdate(fresh, message.update);
				this.#asking?.cut();
				this.#asking = undefined;
				this.#beginFrom(fresh, code);
			},
			closed: (closeCode) => {
				this.#asking = undefined;
				if (closeCode === closeCodes.notFound.code) this.trouble = 'not found';
			},
		});
		this.#asking = asking;
		asking?.send(writeMessage({ kind: 'step1', stateVector: Y.encodeStateVector(fresh) }));
	}

	#beginFrom(fresh: Y.Doc, code: number): void {
		const { part } = parseDocumentName(this.path)!;
		const before = this.whole();
		const isHopeless = this.#isRewritten || code === refusals.notAllowed.code;
		const unsent = unsentEntries(before, fresh, part);
		const again = isHopeless
			? []
			: unsent.filter((entry) => mayRewrite(entry, fresh, this.#around.user));
		this.aside.push(...unsent.filter((entry) => !again.includes(entry)));
		fresh.clientID = this.#around.newClientId();
		const state = Y.encodeStateVector(fresh);
		rewrite(fresh, again);
		this.#acked = this.#localHead;
		this.#unsent.clear();
		if (again.length > 0) this.#unsent.set(++this.#localHead, Y.encodeStateAsUpdate(fresh, state));
		this.#isRewritten = again.length > 0;
		this.#rows = [{ data: Y.encodeStateAsUpdate(fresh), isLocal: again.length > 0 }];
		this.trouble = undefined;
		for (const { doc } of this.tabs.splice(0)) doc.destroy();
		this.openTab();
	}

	#read(tab: Tab): void {
		const rows = this.#rows.slice(tab.seen);
		tab.seen = this.#rows.length;
		tab.localSeen = this.#localHead;
		if (rows.length > 0)
			tab.doc.transact(() => {
				for (const { data } of rows) Y.applyUpdate(tab.doc, data, 'log');
			}, 'log');
	}

	#write(tab: Tab, rows: readonly Row[]): void {
		this.#read(tab);
		for (const row of rows) {
			this.#rows.push(row);
			if (row.isLocal) this.#unsent.set(++this.#localHead, row.data);
		}
		tab.seen = this.#rows.length;
		tab.localSeen = this.#localHead;
		this.#askForConfirmation();
	}

	#send(link: Link, message: Message): void {
		const frame = writeMessage(message);
		if (message.kind === 'update' || message.kind === 'step2') link.sent.push(frame);
		link.socket.send(frame);
	}

	#sendUpdate(link: Link, update: Uint8Array): void {
		if (link.held?.length === 0) {
			link.held = update;
			return;
		}
		this.#send(link, { kind: 'update', update });
		this.#sendHeld(link);
	}

	#sendHeld(link: Link): void {
		const { held } = link;
		link.held = undefined;
		if (held && held.length > 0) this.#send(link, { kind: 'update', update: held });
	}

	#hear(socket: MemorySocket, message: Message): void {
		const link = this.#link;
		if (link?.socket !== socket) return;
		const { doc } = link.tab;
		switch (message.kind) {
			case 'step1': {
				const update = Y.encodeStateAsUpdate(doc, message.stateVector);
				this.#send(link, { kind: 'step2', update });
				return this.#greeted(link);
			}
			case 'step2':
			case 'update':
				this.#around.heard(message.update);
				Y.applyUpdate(doc, message.update, 'server');
				return;
			case 'head':
				this.#cursor = message.cursor;
				if (link.isOpen || !link.vouchedFor) return;
				if (this.isDirty)
					this.#send(link, {
						kind: 'step2',
						update: Y.encodeStateAsUpdate(doc, link.vouchedFor),
					});
				return this.#greeted(link);
			case 'barrier':
				return this.#confirmed(link, decoding.readVarUint(decoding.createDecoder(message.payload)));
			case 'refused':
				this.disconnect('cut');
				this.trouble = { code: message.code };
				return;
			default:
		}
	}

	#greeted(link: Link): void {
		link.isOpen = true;
		link.barrier = undefined;
		this.#askForConfirmation();
	}

	#askForConfirmation(): void {
		const link = this.#link;
		if (!link?.isOpen || link.barrier !== undefined) return;
		const { localSeen } = link.tab; // it counts only what it holds
		if (localSeen <= this.#acked) return;
		this.#sendHeld(link);
		link.barrier = localSeen;
		const payload = encoding.encode((out) => encoding.writeVarUint(out, localSeen));
		this.#send(link, { kind: 'barrier', payload });
	}

	#confirmed(link: Link, count: number): void {
		if (link.barrier !== count) return; // of a barrier that a resync made void
		link.barrier = undefined;
		this.#acked = Math.max(this.#acked, count);
		this.#isRewritten = false;
		const updates: Uint8Array[] = [];
		for (const [number, update] of this.#unsent)
			if (number <= count) {
				updates.push(update);
				this.#unsent.delete(number);
			}
		this.#around.acknowledged(updates);
		this.#askForConfirmation();
	}

	#closed(socket: MemorySocket, code: number): void {
		if (this.#link?.socket !== socket) return;
		this.#link = undefined;
		if (code === closeCodes.signInNeeded.code) this.trouble = 'signed out';
		if (code === closeCodes.notFound.code) this.trouble = 'not found';
	}
}

/** Reads a frame; throws on one that is none: the server never sends such. */
export function heardMessage(frame: Uint8Array): Message {
	const message = readMessage(frame);
	if (!message)
		throw new Error(`the server sent no message: ${Buffer.from(frame).toString('hex')}`);
	return message;
}
