import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('../../../app/ui/tokens.css', import.meta.url), 'utf8');
const tokens = new Map(
	[...css.matchAll(/--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g)].map(
		([, name, light, dark]) => [name!, [light!, dark!] as const],
	),
);

/** Relative luminance of WCAG 2. */
function luminance(hex: string): number {
	const [r, g, b] = [1, 3, 5].map((at) => {
		const channel = parseInt(hex.slice(at, at + 2), 16) / 255;
		return channel <= 0.03928 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
	}) as [number, number, number];
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string, theme: 0 | 1): number {
	const [x, y] = [luminance(tokens.get(a)![theme]), luminance(tokens.get(b)![theme])];
	return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

const text = ['ink', 'ink-2', 'ink-3', 'person', 'model', 'good', 'warn', 'bad', 'accent'];
const softs = ['person', 'model', 'good', 'warn', 'bad', 'accent'];
const marks = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8'];

test.each([0, 1] as const)('text 4.5:1, marks 3:1 in theme %i', (theme) => {
	for (const ground of ['ground', 'surface', 'raised']) {
		for (const name of text)
			expect
				.soft(contrast(name, ground, theme), `${name} on ${ground}`)
				.toBeGreaterThanOrEqual(4.5);
		for (const name of marks)
			expect.soft(contrast(name, ground, theme), `${name} on ${ground}`).toBeGreaterThanOrEqual(3);
	}
	for (const name of softs)
		expect
			.soft(contrast(name, `${name}-soft`, theme), `${name} on its soft`)
			.toBeGreaterThanOrEqual(4.5);
	for (const name of ['ink', 'ink-2', 'ink-3'])
		expect.soft(contrast(name, 'sunken', theme), `${name} on sunken`).toBeGreaterThanOrEqual(4.5);
	expect.soft(contrast('on-accent', 'accent', theme)).toBeGreaterThanOrEqual(4.5);
});
