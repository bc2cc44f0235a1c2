/** A curve, ready to draw: null where a value was not finite. */
export interface ReducedPoints {
	readonly steps: number[];
	readonly values: (number | null)[];
}

/** Fewer would not show a curve. */
const fewestPoints = 16;

/**
 * At most `points` (16 or more) of a curve, in its order. Each stretch of it keeps its lowest and its highest
 * value as they were measured, and one null where some were not finite; the first and the last point are
 * always kept. What is short enough comes back whole. `steps` and `values` are of one length.
 */
export function reducePoints(
	steps: Float64Array,
	values: Float64Array,
	points: number,
): ReducedPoints {
	const limit = Math.max(fewestPoints, Math.floor(points) || 0);
	const count = values.length;
	if (count <= limit) return pick(steps, values, Array.from(values.keys()));
	const stretches = Math.floor((limit - 2) / (values.every(Number.isFinite) ? 2 : 3));
	const kept = [0];
	for (let stretch = 0; stretch < stretches; stretch += 1) {
		const from = 1 + Math.floor((stretch * (count - 2)) / stretches);
		const to = 1 + Math.floor(((stretch + 1) * (count - 2)) / stretches);
		kept.push(...landmarks(values, from, to));
	}
	kept.push(count - 1);
	return pick(steps, values, kept);
}

/** Where in [from, to) the lowest, the highest and the first value that is not finite stand, in order. */
function landmarks(values: Float64Array, from: number, to: number): number[] {
	let lowest = -1;
	let highest = -1;
	let hole = -1;
	for (let at = from; at < to; at += 1) {
		const value = values[at]!;
		if (!Number.isFinite(value)) {
			if (hole === -1) hole = at;
			continue;
		}
		if (lowest === -1 || value < values[lowest]!) lowest = at;
		if (highest === -1 || value > values[highest]!) highest = at;
	}
	const places = new Set([lowest, highest, hole]);
	places.delete(-1);
	return [...places].sort((a, b) => a - b);
}

function pick(steps: Float64Array, values: Float64Array, kept: readonly number[]): ReducedPoints {
	return {
		steps: kept.map((at) => steps[at]!),
		values: kept.map((at) => (Number.isFinite(values[at]) ? values[at]! : null)),
	};
}
