/** Does a piece of work every so often, never twice at once; a failure is told and waits for the next time. */
export function every(
	periodMs: number,
	work: () => Promise<unknown>,
	onFault: (error: unknown) => void,
): () => Promise<void> {
	let underWay: Promise<unknown> | undefined;
	const timer = setInterval(() => {
		underWay ??= work()
			.catch(onFault)
			.finally(() => (underWay = undefined));
	}, periodMs);
	timer.unref();
	return async () => {
		clearInterval(timer);
		await underWay;
	};
}
