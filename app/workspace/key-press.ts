import type { KeyPress } from './keys.ts';

/** What a keyboard event says, with where the focus is. */
export function keyPressOf(event: KeyboardEvent): KeyPress {
	const { key, ctrlKey, metaKey, altKey, shiftKey, repeat } = event;
	const target = event.target instanceof Element ? event.target : null;
	return {
		key,
		ctrlKey,
		metaKey,
		altKey,
		shiftKey,
		repeat,
		isTyping:
			target?.closest(
				'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]',
			) != null,
		isOnControl:
			target?.closest('a[href], button, summary, [role=menuitem], [role=option]') != null,
	};
}
