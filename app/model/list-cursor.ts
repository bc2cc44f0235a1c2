/**
 * Where the cursor of a list goes on a key; undefined for a key that moves nothing. `at` is -1 while the
 * list has no cursor yet.
 */
export function movedCursor(
	key: string,
	{ at, count, pageRows }: { at: number; count: number; pageRows: number },
): number | undefined {
	const place = targetOf(key, at, count, pageRows);
	return place === undefined || count === 0 ? undefined : Math.max(0, Math.min(count - 1, place));
}

function targetOf(key: string, at: number, count: number, pageRows: number): number | undefined {
	switch (key) {
		case 'j':
		case 'ArrowDown':
			return at + 1;
		case 'k':
		case 'ArrowUp':
			return at - 1;
		case 'PageDown':
			return at + pageRows;
		case 'PageUp':
			return at - pageRows;
		case 'Home':
			return 0;
		case 'End':
			return count - 1;
		default:
			return undefined;
	}
}
