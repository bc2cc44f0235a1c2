import { describe, expect, it } from 'vitest';
import { commandWith } from '#shared/run/command.ts';

describe('a command with its parameters', () => {
	const params = { lr: 0.05, name: "it's; rm -rf /", model: 'small', layers: [1, 2], on: true };
	it.each([
		['train --lr {lr} --model {model}', 'train --lr 0.05 --model small'],
		['train --on {on} --name {name}', `train --on true --name 'it'\\''s; rm -rf /'`],
		['train --layers {layers}', `train --layers '[1,2]'`],
		['awk {print} ${HOME} ${lr} {a,b} {unknown}', 'awk {print} ${HOME} ${lr} {a,b} {unknown}'],
		['{toString} {__proto__}', '{toString} {__proto__}'],
	])('%s', (command, expected) => {
		expect(commandWith(command, params)).toBe(expected);
	});
});
