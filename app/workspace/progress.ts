/** How one item of a batch stands for the person at the desk. */
export type ItemProgress =
	| 'open'
	| 'answered'
	| 'skipped'
	| 'accepted'
	| 'returned'
	| 'others'
	/** People answered it differently while they were apart; a reviewer decides. */
	| 'settle';

/** Whether the item still wants something of this person. */
export function isToDo(progress: ItemProgress): boolean {
	return progress === 'open' || progress === 'returned';
}

/**
 * Where to go after the item at `from`: the next one to do behind it, else the first one to do from the
 * start; undefined when nothing is left. The item itself does not count: it was just left.
 */
export function nextToDo(progress: readonly ItemProgress[], from: number): number | undefined {
	const { length } = progress;
	for (let offset = 1; offset <= length; offset++) {
		const index = (from + offset) % length;
		if (index !== from && isToDo(progress[index]!)) return index;
	}
	return undefined;
}

/** Where to begin: the first returned answer, else the first open item, else the first. */
export function firstToDo(progress: readonly ItemProgress[]): number {
	const returned = progress.indexOf('returned');
	if (returned >= 0) return returned;
	return Math.max(0, progress.indexOf('open'));
}

/** Answers a minute over the last `windowMs`, from the times at which they were given; undefined below three. */
export function ratePerMinute(
	times: readonly number[],
	nowMs: number,
	windowMs = 600_000,
): number | undefined {
	const recent = times.filter((time) => time > nowMs - windowMs && time <= nowMs);
	if (recent.length < 3) return undefined;
	const spanMs = nowMs - Math.min(...recent);
	return spanMs > 0 ? (recent.length / spanMs) * 60_000 : undefined;
}
