import type { ItemData } from '#shared/schema/item.ts';
import type { Schema } from '#shared/schema/schema.ts';

/** Longer texts are begun: what is left is read on the page. */
const spokenLetters = 280;

/** What an item shows, as it is said aloud when it comes before somebody. */
export function spokenItem(data: ItemData, { shows }: Schema): string {
	const shown = shows.map(({ field, as }) => {
		if (as === 'image') return 'a picture';
		const value = data[field];
		const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
		return text.length > spokenLetters ? `${text.slice(0, spokenLetters)}…` : text;
	});
	return shown.join(', ');
}
