import uPlot from 'uplot';
import { axisText, zoomed, type AlignedCurves, type Range } from '#app/model/chart-data.ts';

export interface ChartLine {
	/** A colour of tokens.css, as `var(--c1)`. */
	readonly colour: string;
	readonly label: string;
}

export interface SeriesChartOptions {
	readonly lines: readonly ChartLine[];
	/** Charts of one key share cursor and zoom. */
	readonly syncKey: string;
	readonly height: number;
	/** Steps at which something is marked by a dashed line. */
	marks(): readonly number[];
	/** The point under the cursor has changed; null when the cursor left. */
	onCursor(index: number | null): void;
	/** A person looks at a part of it; null: at all of it again. */
	onWindow(range: Range | null): void;
}

export interface SeriesChart {
	readonly setData: (data: AlignedCurves, range: Range | null) => void;
	/** The colours of the page have changed. */
	readonly repaint: () => void;
	readonly setWidth: (width: number) => void;
	readonly close: () => void;
}

/** A wheel turn that began outside a chart scrolls the page, also when the chart comes under the pointer. */
const scrollRestMs = 350;

/** Steps are counted: 1, 2, 5, 10, … */
const wholeSteps = Array.from({ length: 13 }, (_, power) =>
	[1, 2, 5].map((n) => n * 10 ** power),
).flat();

/** One uPlot below an element, drawn with the colours of the page. */
export function openSeriesChart(host: HTMLElement, options: SeriesChartOptions): SeriesChart {
	const { lines, syncKey, height } = options;
	let full: Range = [0, 1];
	let scrolledAt = -Infinity;
	const colours = colourReader(host);
	const font = `11px ${getComputedStyle(host).fontFamily}`;
	const axis = {
		stroke: () => colours.read('var(--ink-3)'),
		font,
		ticks: { show: false },
		gap: 4,
	};
	const chart = new uPlot(
		{
			width: Math.max(120, host.clientWidth),
			height,
			padding: [8, 16, 0, 0],
			legend: { show: false },
			cursor: {
				sync: { key: syncKey, setSeries: false, scales: ['x', null] },
				points: { size: 7 },
				drag: { x: true, y: false, dist: 4 },
				bind: { dblclick: () => showAll },
			},
			scales: { x: { time: false } },
			axes: [
				{
					...axis,
					size: 24,
					space: 64,
					incrs: wholeSteps,
					values: (_, splits) => splits.map(axisText),
					grid: { show: false },
				},
				{
					...axis,
					size: 52,
					space: 34,
					grid: { stroke: () => colours.read('var(--line)'), width: 1 },
					values: (_, splits) => splits.map(axisText),
				},
			],
			series: [
				{},
				...lines.map(({ colour, label }) => ({
					label,
					stroke: () => colours.read(colour),
					width: 1.6,
					points: { show: showsPoints },
				})),
			],
			hooks: {
				setCursor: [({ cursor }) => options.onCursor(cursor.idx ?? null)],
				setScale: [(u, key) => key === 'x' && tell(u)],
				draw: [drawMarks],
			},
		},
		undefined,
		host,
	);

	function tell(u: uPlot): void {
		const { min, max } = u.scales['x']!;
		if (min == null || max == null) return;
		const near = (a: number, b: number): boolean => Math.abs(a - b) <= (full[1] - full[0]) * 1e-6;
		options.onWindow(near(min, full[0]) && near(max, full[1]) ? null : [min, max]);
	}
	function showAll(): null {
		zoomTo(full);
		return null;
	}
	function zoomTo([min, max]: Range): void {
		for (const each of uPlot.sync(syncKey).plots) each.setScale('x', { min, max });
	}
	function drawMarks(u: uPlot): void {
		const { ctx, bbox } = u;
		ctx.save();
		ctx.strokeStyle = colours.read('var(--line-strong)');
		ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
		for (const step of options.marks()) {
			const x = Math.round(u.valToPos(step, 'x', true));
			if (x < bbox.left || x > bbox.left + bbox.width) continue;
			ctx.beginPath();
			ctx.moveTo(x, bbox.top);
			ctx.lineTo(x, bbox.top + bbox.height);
			ctx.stroke();
		}
		ctx.restore();
	}
	function onWheel(event: WheelEvent): void {
		const { min, max } = chart.scales['x']!;
		if (min == null || max == null || event.deltaY === 0) return;
		if (event.timeStamp - scrolledAt < scrollRestMs) return;
		event.preventDefault();
		event.stopPropagation();
		const focus = chart.posToVal(event.clientX - chart.rect.left, 'x');
		zoomTo(zoomed([min, max], full, focus, event.deltaY < 0 ? 0.8 : 1.25) ?? full);
	}
	const onScroll = (event: WheelEvent): void => {
		if (!(event.target instanceof Element && event.target.closest('.u-over')))
			scrolledAt = event.timeStamp;
	};
	chart.over.addEventListener('wheel', onWheel, { passive: false });
	window.addEventListener('wheel', onScroll, { passive: true });

	return {
		setData({ x, y }, range) {
			const [from, to] = [x[0] ?? 0, x.at(-1) ?? 1];
			if (range === null) full = from === to ? [from - 0.5, to + 0.5] : [from, to];
			else full = [Math.min(full[0], from), Math.max(full[1], to)];
			const [min, max] = range ?? full;
			chart.batch(() => {
				chart.setData([x, ...y] as uPlot.AlignedData, false);
				chart.setScale('x', { min, max });
			});
		},
		repaint() {
			colours.forget();
			chart.redraw(false, true);
		},
		setWidth: (width) => chart.setSize({ width: Math.max(120, width), height }),
		close() {
			window.removeEventListener('wheel', onScroll);
			chart.destroy();
		},
	};
}

/** Points are worth drawing where they are far apart: always for a curve of one. */
function showsPoints(u: uPlot, series: number): boolean {
	const column = u.data[series]!;
	let points = 0;
	for (const value of column) if (value != null) points += 1;
	return points > 0 && points <= u.bbox.width / devicePixelRatio / 24;
}

/** A canvas knows no custom properties: a hidden element tells what they are at present. */
function colourReader(host: HTMLElement): { read(colour: string): string; forget(): void } {
	const known = new Map<string, string>();
	const probe = document.createElement('span');
	probe.hidden = true;
	host.append(probe);
	return {
		read(colour) {
			const found = known.get(colour);
			if (found !== undefined) return found;
			probe.style.color = colour;
			const value = getComputedStyle(probe).color;
			known.set(colour, value);
			return value;
		},
		forget: () => known.clear(),
	};
}
