import type { PeerSelection } from '#app/documents/presence/presence-state.ts';

/**
 * What this person has under their hands within the workspace: a selected part of a shown text (an element with
 * `data-field`), the question that has the focus (`data-tool`), or the field of a note (`data-note`).
 */
export function mySelection(root: HTMLElement): PeerSelection | null {
	const text = selectedText(root);
	if (text) return text;
	const focused = document.activeElement;
	if (!focused || !root.contains(focused)) return null;
	const tool = focused.closest<HTMLElement>('[data-tool]')?.dataset['tool'];
	if (tool !== undefined) return { kind: 'question', tool };
	return focused.closest('[data-note]') ? { kind: 'note' } : null;
}

function selectedText(root: HTMLElement): PeerSelection | null {
	const selection = document.getSelection();
	if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
	const range = selection.getRangeAt(0);
	const start = range.startContainer;
	const within = (start instanceof Element ? start : start.parentElement)?.closest('[data-field]');
	if (!(within instanceof HTMLElement) || !root.contains(within)) return null;
	const from = offsetIn(within, start, range.startOffset);
	// A selection that leads out of the text ends with it.
	const to = within.contains(range.endContainer)
		? offsetIn(within, range.endContainer, range.endOffset)
		: (within.textContent ?? '').length;
	return from < to ? { kind: 'text', field: within.dataset['field']!, from, to } : null;
}

function offsetIn(element: Element, node: Node, offset: number): number {
	const before = document.createRange();
	before.selectNodeContents(element);
	before.setEnd(node, offset);
	return before.toString().length;
}
