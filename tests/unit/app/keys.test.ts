import { describe, expect, test } from 'vitest';
import { keyAction, keyHelp, type KeyPress } from '#app/workspace/keys.ts';
import { schemaShape, type Schema } from '#shared/schema/schema.ts';

const sole: Schema = schemaShape.parse({
	shows: [{ field: 'text', as: 'text' }],
	tools: [
		{
			name: 'sentiment',
			kind: 'choice',
			required: true,
			options: [
				{ name: 'positive', key: 'p' },
				{ name: 'negative', key: 'n' },
			],
		},
	],
});
const many: Schema = schemaShape.parse({
	shows: [{ field: 'text', as: 'text' }],
	tools: [{ name: 'topics', kind: 'choice', many: true, options: [{ name: 'food', key: 'o' }] }],
});

function press(key: string, more: Partial<KeyPress> = {}): KeyPress {
	return {
		key,
		ctrlKey: false,
		metaKey: false,
		altKey: false,
		shiftKey: false,
		repeat: false,
		isTyping: false,
		isOnControl: false,
		...more,
	};
}

describe('keys of the workspace', () => {
	test('the key of a sole required choice submits', () => {
		expect(keyAction(press('p'), sole)).toEqual({
			kind: 'choose',
			tool: 'sentiment',
			option: 'positive',
			submits: true,
		});
	});
	test('a choice of many only toggles; Enter submits', () => {
		expect(keyAction(press('o'), many)).toMatchObject({ kind: 'choose', submits: false });
		expect(keyAction(press('Enter'), many)).toEqual({ kind: 'submit' });
	});
	test('Caps Lock does not take the keys away', () => {
		expect(keyAction(press('P'), sole)).toMatchObject({ option: 'positive' });
	});
	test('single keys never fire inside a text field', () => {
		for (const key of ['p', 'z', ' ', 'Enter', 'ArrowLeft', '?'])
			expect(keyAction(press(key, { isTyping: true }), sole)).toBeUndefined();
	});
	test('a held key labels once', () => {
		expect(keyAction(press('p', { repeat: true }), sole)).toBeUndefined();
	});
	test('Enter and Space on a button press the button', () => {
		expect(keyAction(press('Enter', { isOnControl: true }), sole)).toBeUndefined();
		expect(keyAction(press(' ', { isOnControl: true }), sole)).toBeUndefined();
	});
	test('the browser keeps its own shortcuts', () => {
		expect(keyAction(press('p', { ctrlKey: true }), sole)).toBeUndefined();
		expect(keyAction(press('c', { metaKey: true }), sole)).toBeUndefined();
		expect(keyAction(press('z', { metaKey: true }), sole)).toEqual({ kind: 'undo' });
		expect(keyAction(press('Z', { ctrlKey: true, shiftKey: true }), sole)).toEqual({
			kind: 'redo',
		});
	});
	test('every key that acts is in the help', () => {
		const named = keyHelp(sole).flatMap(({ keys }) => keys);
		for (const key of ['p', 'n', 'Enter', 'Space', 'z', 'Left', 'Right', 'c', 'f', '?'])
			expect(named).toContain(key);
	});
});
