/**
 * Watches the turns of this thread's event loop; ended, it answers the most processor time that one of
 * them took, in milliseconds. Time in which the machine did something else does not count.
 */
export function watchTurns(): () => number {
	let longestMs = 0;
	let before = process.threadCpuUsage();
	let isEnded = false;
	const look = (): void => {
		const { user, system } = process.threadCpuUsage(before);
		longestMs = Math.max(longestMs, (user + system) / 1000);
		before = process.threadCpuUsage();
		if (!isEnded) setImmediate(look);
	};
	setImmediate(look);
	return () => {
		isEnded = true;
		look();
		return longestMs;
	};
}
