import { personColourNumber } from '#app/ui/person-colour.ts';
import type { PersonHere } from './people-here.ts';

/**
 * Marks what others have selected in the shown texts of an element, in their colours (`::highlight(peer-1)` to
 * `peer-8` in base.css). Nothing in the page moves: the marks are painted, not inserted. Where a browser cannot,
 * the words about who is where remain. Returns what takes the marks away.
 */
export function showSelections(root: HTMLElement, people: readonly PersonHere[]): () => void {
	const highlights = (CSS as { highlights?: HighlightRegistry }).highlights;
	if (!highlights) return () => {};
	const names = new Set<string>();
	for (const { user, selection } of people) {
		const range = selection?.kind === 'text' ? rangeOf(root, selection) : undefined;
		if (!range) continue;
		const name = `peer-${personColourNumber(user)}`;
		const highlight = highlights.get(name) ?? new Highlight();
		highlight.add(range);
		highlights.set(name, highlight);
		names.add(name);
	}
	return () => {
		for (const name of names) highlights.delete(name);
	};
}

/** The part of a shown text; undefined where the text is another one than its sender had. */
function rangeOf(
	root: HTMLElement,
	{ field, from, to }: { readonly field: string; readonly from: number; readonly to: number },
): Range | undefined {
	const shown = [...root.querySelectorAll<HTMLElement>('[data-field]')].find(
		({ dataset }) => dataset['field'] === field,
	);
	const text = [...(shown?.childNodes ?? [])].find((node) => node instanceof Text);
	if (!text || from >= to || to > text.length) return undefined;
	const range = document.createRange();
	range.setStart(text, from);
	range.setEnd(text, to);
	return range;
}
