import type { PeerSelection, PeerState } from '#app/documents/presence/presence-state.ts';
import type { Schema } from '#shared/schema/schema.ts';

/** Somebody else in this batch, and where. */
export interface PersonHere {
	readonly user: string;
	readonly name: string;
	/** The place of the item before them; undefined where they are between items. */
	readonly index: number | undefined;
	readonly selection: PeerSelection | null;
}

/** Everybody else in a batch, by name; who is there with two devices is where the one says that came last. */
export function peopleHere(
	peers: readonly PeerState[],
	positions: ReadonlyMap<string, number>,
): PersonHere[] {
	const people = new Map(
		peers.map(({ user, name, item, selection }): [string, PersonHere] => [
			user,
			{ user, name, index: positions.get(item ?? ''), selection },
		]),
	);
	return [...people.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Where somebody is, as a sentence: `Lisa is on item 3, answering Tone`. */
export function whereWords({ name, index, selection }: PersonHere, schema: Schema): string {
	if (index === undefined) return `${name} is here`;
	const there = `${name} is on item ${index + 1}`;
	switch (selection?.kind) {
		case undefined:
			return there;
		case 'text':
			return `${there}, with a part of the text selected`;
		case 'question':
			return `${there}, answering ${titleOf(schema, selection.tool)}`;
		case 'note':
			return `${there}, writing a note`;
	}
}

function titleOf(schema: Schema, tool: string): string {
	return schema.tools.find(({ name }) => name === tool)?.title ?? tool;
}
