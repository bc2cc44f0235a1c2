const whole = new Intl.NumberFormat('en');

/** `1,234`: a whole number as it is read. */
export function count(n: number): string {
	return whole.format(n);
}

/** `1 item`, `1,234 items`. */
export function plural(n: number, one: string, many = `${one}s`): string {
	return `${count(n)} ${n === 1 ? one : many}`;
}

/** `88.2 %`: a share of one, with one decimal. */
export function percent(share: number, decimals = 1): string {
	return `${(share * 100).toFixed(decimals)} %`;
}

/** `4.2 MB`: a size in bytes with two significant digits at least. */
export function size(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let value = bytes;
	let unit = 0;
	while (value >= 1000 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
