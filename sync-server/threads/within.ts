/** Waits for an answer so long at most; rejects when it took longer. What is being done is not stopped by it. */
export async function within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
	const late = Promise.withResolvers<never>();
	const timer = setTimeout(
		() => late.reject(new Error(`it took more than ${limitMs} ms`)),
		limitMs,
	);
	try {
		return await Promise.race([answer, late.promise]);
	} finally {
		clearTimeout(timer);
	}
}
