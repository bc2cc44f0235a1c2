const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;

/** Reads `90s`, `30m`, `2h`, `1d` or parts in that falling order (`1h30m`), in milliseconds; undefined for anything else. */
export function parseDurationMs(text: string): number | undefined {
	const match = /^(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,7})s)?$/.exec(text);
	if (!match || text === '') return undefined;
	const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = match;
	return (
		Number(days) * unitMs.d +
		Number(hours) * unitMs.h +
		Number(minutes) * unitMs.m +
		Number(seconds) * unitMs.s
	);
}
