/** True when storage failed for want of room: browsers say so at the write or only at the end of its transaction. */
export function isOutOfRoom(error: unknown): boolean {
	for (let cause = error, depth = 0; cause && depth < 5; depth++) {
		const {
			name,
			inner,
			cause: next,
		} = cause as { name?: string; inner?: unknown; cause?: unknown };
		if (name === 'QuotaExceededError') return true;
		cause = inner ?? next;
	}
	return false;
}
