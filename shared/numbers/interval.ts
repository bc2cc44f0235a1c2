/** The two-sided 95 % quantile of the normal distribution. */
const z = 1.959963984540054;

/**
 * The 95 % Wilson score interval of a share (E. B. Wilson, 1927), within 0 … 1; 0 … 1 when nothing was
 * counted. Unlike the normal interval it holds for few trials and for shares near 0 and 1.
 */
export function wilsonInterval(
	successes: number,
	n: number,
): { readonly low: number; readonly high: number } {
	if (n === 0) return { low: 0, high: 1 };
	const share = successes / n;
	const middle = share + (z * z) / (2 * n);
	const margin = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
	const scale = 1 + (z * z) / n;
	return {
		low: successes === 0 ? 0 : Math.max(0, (middle - margin) / scale),
		high: successes === n ? 1 : Math.min(1, (middle + margin) / scale),
	};
}
