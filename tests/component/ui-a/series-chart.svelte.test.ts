import '#app/ui/tokens.css';
import { expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import type { Range } from '#app/model/chart-data.ts';
import SeriesChart from '#app/views/SeriesChart.svelte';

const steps = Array.from({ length: 101 }, (_, step) => step);
const lines = [
	{ id: '1', label: '#1 first', colour: 'var(--c1)', steps, values: steps, stored: 5000 },
	{
		id: '2',
		label: '#2 second',
		colour: 'var(--c2)',
		steps: [0, 50],
		values: [7, null],
		stored: 2,
	},
];

async function drawn(onWindow: (range: Range | null) => void = () => {}) {
	const screen = await render(SeriesChart, {
		title: 'loss',
		lines,
		range: null,
		onWindow(range: Range | null) {
			onWindow(range);
			void screen.rerender({ range }); // as a page does
		},
		syncKey: crypto.randomUUID(),
	});
	await expect.poll(() => screen.container.querySelector('.u-over')).not.toBeNull();
	const over = screen.container.querySelector<HTMLElement>('.u-over')!;
	await expect.poll(() => over.clientWidth).toBeGreaterThan(50);
	const cells = (): (string | null)[] =>
		[...screen.container.querySelectorAll('tbody td, tfoot td')].map(
			({ textContent }) => textContent,
		);
	return { screen, over, cells };
}

/** The strongest colour in the middle of the chart, in steps of 8 that antialiasing does not cross. */
function colourOfCurve(canvas: HTMLCanvasElement): number[] {
	const { data } = canvas.getContext('2d')!.getImageData(canvas.width / 2, 0, 8, canvas.height);
	let most: number[] = [];
	let spread = 0;
	for (let at = 0; at < data.length; at += 4) {
		const [r, g, b, a] = [data[at]!, data[at + 1]!, data[at + 2]!, data[at + 3]!];
		const width = Math.max(r, g, b) - Math.min(r, g, b);
		if (a > 200 && width > spread) {
			spread = width;
			most = [r, g, b].map((channel) => Math.round(channel / 8) * 8);
		}
	}
	return most;
}

test('says how many of the stored points are drawn, and the newest values beside each curve', async () => {
	const { screen, cells } = await drawn();
	await expect.element(screen.getByText('103 of 5,002 points, extremes exact')).toBeInTheDocument();
	expect(cells()).toEqual(['100', '', '100']);
});

test('the table follows the cursor', async () => {
	const { over, cells } = await drawn();
	await userEvent.hover(over, { position: { x: 1, y: 20 } });
	await expect.poll(cells).toEqual(['0', '7', '0']);
});

test('dragging looks at a part, a double click at all of it again', async () => {
	const onWindow = vi.fn<(range: Range | null) => void>();
	const { over } = await drawn(onWindow);
	const { left, top, width } = over.getBoundingClientRect();
	const mouse = (kind: string, share: number, target: EventTarget = over) =>
		target.dispatchEvent(
			new MouseEvent(kind, {
				clientX: left + width * share,
				clientY: top + 30,
				movementX: 3, // uPlot passes over a move that did not move
				button: 0,
				bubbles: true,
			}),
		);
	mouse('mousemove', 0.2);
	mouse('mousedown', 0.2);
	mouse('mousemove', 0.6);
	mouse('mouseup', 0.6, document);
	await expect.poll(() => onWindow.mock.lastCall?.[0]?.[0]).toBeCloseTo(20, 0);
	expect(onWindow.mock.lastCall![0]![1]).toBeCloseTo(60, 0);
	mouse('dblclick', 0.5);
	await expect.poll(() => onWindow.mock.lastCall?.[0]).toBeNull();
});

test('the wheel zooms at the pointer', async () => {
	const onWindow = vi.fn<(range: Range | null) => void>();
	const { over } = await drawn(onWindow);
	const { left, top, width } = over.getBoundingClientRect();
	over.dispatchEvent(
		new WheelEvent('wheel', {
			clientX: left + width / 2,
			clientY: top + 30,
			deltaY: -100,
			bubbles: true,
			cancelable: true,
		}),
	);
	await expect.poll(() => onWindow.mock.lastCall?.[0]?.[0]).toBeCloseTo(10, 0);
	expect(onWindow.mock.lastCall![0]![1]).toBeCloseTo(90, 0);
});

test('curves take the colours of the theme, also when it changes', async () => {
	const { screen } = await drawn();
	const canvas = screen.container.querySelector('canvas')!;
	document.documentElement.dataset['theme'] = 'light';
	await expect.poll(() => colourOfCurve(canvas)).toEqual([48, 112, 216]);
	document.documentElement.dataset['theme'] = 'dark';
	await expect.poll(() => colourOfCurve(canvas)).toEqual([112, 168, 256]);
	delete document.documentElement.dataset['theme'];
});
