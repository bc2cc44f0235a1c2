/** A page that nobody sees draws no frames; what reads it is told all the same. */
const withoutFrameMs = 100;

/** Calls back before the page draws next, or soon where it draws nothing. */
export function withNextFrame(act: () => void): void {
	let isDone = false;
	const once = (): void => {
		if (isDone) return;
		isDone = true;
		cancelAnimationFrame(frame);
		clearTimeout(timer);
		act();
	};
	const frame = requestAnimationFrame(once);
	const timer = setTimeout(once, withoutFrameMs);
}
