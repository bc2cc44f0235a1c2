import { soleChoice, type Schema } from '#shared/schema/schema.ts';

/** What a key means in the workspace. */
export type KeyAction =
	| {
			readonly kind: 'choose';
			readonly tool: string;
			readonly option: string;
			readonly submits: boolean;
	  }
	| { readonly kind: 'submit' }
	| { readonly kind: 'skip' }
	| { readonly kind: 'undo' }
	| { readonly kind: 'redo' }
	| { readonly kind: 'previous' }
	| { readonly kind: 'next' }
	| { readonly kind: 'comment' }
	| { readonly kind: 'flag' }
	| { readonly kind: 'keys' };

/** Whether an action changes the answers, and so needs the right to. */
export function isWriting({ kind }: KeyAction): boolean {
	return ['choose', 'submit', 'skip', 'undo', 'redo'].includes(kind);
}

/** The part of a keyboard event that decides. */
export interface KeyPress {
	readonly key: string;
	readonly ctrlKey: boolean;
	readonly metaKey: boolean;
	readonly altKey: boolean;
	readonly shiftKey: boolean;
	/** Held down: answers only to the first press, so that a resting finger labels nothing. */
	readonly repeat: boolean;
	/** The focus is where text is typed. */
	readonly isTyping: boolean;
	/** The focus is on a control that Enter or Space would press. */
	readonly isOnControl: boolean;
}

/** The meaning of a key press under a schema; undefined where it means nothing here. */
export function keyAction(press: KeyPress, schema: Schema): KeyAction | undefined {
	if (press.isTyping || press.altKey) return undefined;
	if (press.ctrlKey || press.metaKey) {
		if (press.key.toLowerCase() !== 'z') return undefined;
		return press.shiftKey ? { kind: 'redo' } : { kind: 'undo' };
	}
	switch (press.key) {
		case 'ArrowLeft':
			return { kind: 'previous' };
		case 'ArrowRight':
			return { kind: 'next' };
		case '?':
			return { kind: 'keys' };
	}
	if (press.repeat) return undefined;
	switch (press.key) {
		case 'Enter':
			return press.isOnControl ? undefined : { kind: 'submit' };
		case ' ':
			return press.isOnControl ? undefined : { kind: 'skip' };
		case 'z':
		case 'Z':
			return press.shiftKey ? { kind: 'redo' } : { kind: 'undo' };
		case 'c':
			return { kind: 'comment' };
		case 'f':
			return { kind: 'flag' };
	}
	const sole = soleChoice(schema);
	for (const tool of schema.tools)
		for (const option of tool.options)
			if (option.key === press.key.toLowerCase())
				return { kind: 'choose', tool: tool.name, option: option.name, submits: tool === sole };
	return undefined;
}

/** The keys of the workspace and what they do, for the bar below and the list behind `?`. */
export function keyHelp(
	schema: Schema,
): readonly { keys: readonly string[]; does: string; isInBar: boolean }[] {
	const isSole = soleChoice(schema) !== undefined;
	return [
		...schema.tools.flatMap((tool) =>
			tool.options
				.filter((option) => option.key)
				.map((option) => ({
					keys: [option.key!],
					does: `${tool.title ?? tool.name}: ${option.title ?? option.name}`,
					isInBar: false,
				})),
		),
		{ keys: ['Enter'], does: isSole ? 'submit what is chosen' : 'submit', isInBar: !isSole },
		{ keys: ['Space'], does: 'skip', isInBar: true },
		{ keys: ['z'], does: 'undo', isInBar: true },
		{ keys: ['Shift', 'z'], does: 'redo', isInBar: false },
		{ keys: ['Left'], does: 'back', isInBar: true },
		{ keys: ['Right'], does: 'forward', isInBar: true },
		{ keys: ['c'], does: 'note', isInBar: true },
		{ keys: ['f'], does: 'flag', isInBar: true },
		{ keys: ['?'], does: 'all keys', isInBar: true },
	];
}
