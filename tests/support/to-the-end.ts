/** Takes all steps of some work at once. */
export function toTheEnd<T>(work: Generator<unknown, T>): T {
	for (;;) {
		const { done, value } = work.next();
		if (done) return value;
	}
}
