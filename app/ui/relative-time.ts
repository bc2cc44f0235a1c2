const steps: readonly (readonly [limitSeconds: number, unitSeconds: number, unit: string])[] = [
	[3600, 60, 'min'],
	[86_400, 3600, 'h'],
	[86_400 * 14, 86_400, 'd'],
];

/** `just now`, `12 min ago`, `3 h ago`, `5 d ago`, then the date. A time ahead of the clock counts as now. */
export function relativeTime(at: string, nowMs: number): string {
	const seconds = (nowMs - Date.parse(at)) / 1000;
	if (seconds < 45) return 'just now';
	for (const [limit, unit, name] of steps)
		if (seconds < limit) return `${Math.max(1, Math.round(seconds / unit))} ${name} ago`;
	return new Date(at).toLocaleDateString(undefined, {
		year: 'numeric',
		month: 'short',
		day: 'numeric',
	});
}

/** A length of time as a person reads it: `850 ms`, `48 s`, `1 m 12 s`, `2 h 5 m`. */
export function duration(ms: number): string {
	if (ms < 1000) return `${Math.round(ms)} ms`;
	const seconds = Math.round(ms / 1000);
	if (seconds < 60) return `${seconds} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} m ${seconds % 60} s`;
	return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}
