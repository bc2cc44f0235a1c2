/** One curve as it is stored: a value per step; null where it was not finite. */
export interface Curve {
	readonly steps: readonly number[];
	readonly values: readonly (number | null)[];
}

/** Columns as uPlot draws them: one x for all; undefined where a curve has no point (drawn through), null for a gap. */
export interface AlignedCurves {
	readonly x: number[];
	readonly y: (number | null | undefined)[][];
}

/** Puts curves with steps of their own onto one x. */
export function alignCurves(curves: readonly Curve[]): AlignedCurves {
	const steps = new Set<number>();
	for (const curve of curves) for (const step of curve.steps) steps.add(step);
	const x = [...steps].sort((a, b) => a - b);
	const place = new Map(x.map((step, index) => [step, index]));
	const y = curves.map(({ steps: own, values }) => {
		const column = new Array<number | null | undefined>(x.length).fill(undefined);
		for (const [index, step] of own.entries()) column[place.get(step)!] = values[index]!;
		return column;
	});
	return { x, y };
}

/** The newest value at or before a place; undefined before the curve begins. */
export function valueAt(
	column: readonly (number | null | undefined)[],
	index: number,
): number | null | undefined {
	for (let at = Math.min(index, column.length - 1); at >= 0; at -= 1)
		if (column[at] !== undefined) return column[at];
	return undefined;
}

export type Range = readonly [from: number, to: number];

/** The range after the wheel turned at `focus`: what is under the pointer stays there. Null: all of it. */
export function zoomed(range: Range, full: Range, focus: number, factor: number): Range | null {
	const width = (range[1] - range[0]) * factor;
	const all = full[1] - full[0];
	if (all <= 0 || width >= all) return null;
	const share = (focus - range[0]) / (range[1] - range[0]);
	const from = Math.min(full[1] - width, Math.max(full[0], focus - share * width));
	return [from, from + width];
}

/** What only counts how far a run is says nothing as a curve. */
const counters = ['step', 'epoch'];

/** Metrics in the order in which people look for them: losses, accuracies, then the others by name. */
export function inOrderOfInterest(keys: Iterable<string>): string[] {
	const rank = (key: string): number => (/loss/i.test(key) ? 0 : /acc|f1|auc/i.test(key) ? 1 : 2);
	return [...new Set(keys)]
		.filter((key) => !counters.includes(key))
		.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** The two metrics that most of some runs have: a loss and what says how good it is. */
export function twoToCompare(
	runs: readonly { readonly last: Readonly<Record<string, number>> }[],
): string[] {
	const counts = new Map<string, number>();
	for (const { last } of runs)
		for (const key of Object.keys(last)) counts.set(key, (counts.get(key) ?? 0) + 1);
	const ordered = inOrderOfInterest(counts.keys()).sort((a, b) => counts.get(b)! - counts.get(a)!);
	const loss = ordered.find((key) => /loss/i.test(key));
	const other =
		ordered.find(
			(key) => key !== loss && !/loss/i.test(key) && !/^(epoch|lr|time|seconds)/i.test(key),
		) ?? ordered.find((key) => key !== loss);
	return [loss, other].filter((key) => key !== undefined);
}

/** A number at an axis: no digit that says nothing, a suffix or an exponent where it would grow long. */
export function axisText(value: number): string {
	const size = Math.abs(value);
	if (size !== 0 && (size < 1e-4 || size >= 1e12)) return value.toExponential().replace('+', '');
	for (const [unit, suffix] of [
		[1e9, 'G'],
		[1e6, 'M'],
		[1e4, 'k'],
	] as const) {
		const one = suffix === 'k' ? 1e3 : unit;
		if (size >= unit) return `${Number((value / one).toPrecision(6))}${suffix}`;
	}
	return String(Number(value.toPrecision(6)));
}
