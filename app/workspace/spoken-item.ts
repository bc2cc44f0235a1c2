import type { Packet } from '#shared/api/replies.ts';
import type { Schema } from '#shared/schema/schema.ts';

/** Longer texts are begun: what is left is read on the page. */
const spokenLetters = 280;

/** What is said aloud when an item comes onto the desk: which of how many, and what it shows. */
export function spokenItem({ items }: Packet, index: number, { shows }: Schema): string {
	const data = items[index]?.data ?? {};
	const shown = shows.map(({ field, as }) => {
		if (as === 'image') return 'a picture';
		const value = data[field];
		const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
		return text.length > spokenLetters ? `${text.slice(0, spokenLetters)}…` : text;
	});
	return `Item ${index + 1} of ${items.length}: ${shown.join(', ')}`;
}
