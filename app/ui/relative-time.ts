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
	return new Date(at).toLocaleDateString(undefined, date);
}

const date = { year: 'numeric', month: 'short', day: 'numeric' } as const;
const dayMs = 86_400_000;

/** `today`, `yesterday`, `5 d ago`, then the date: for what is known by its day in UTC alone. A day ahead counts as today. */
export function relativeDay(day: string, nowMs: number): string {
	const at = Date.parse(day);
	const days = Math.floor(nowMs / dayMs) - Math.floor(at / dayMs);
	if (days <= 0) return 'today';
	if (days === 1) return 'yesterday';
	if (days < 14) return `${days} d ago`;
	return new Date(at).toLocaleDateString(undefined, { ...date, timeZone: 'UTC' });
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
