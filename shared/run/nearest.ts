/** The candidate that takes the fewest edits to reach, if that is at most half of the word. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
	let best: string | undefined;
	let fewest = Math.floor(Math.min(word.length, 32) / 2) + 1;
	for (const candidate of candidates) {
		const edits = editDistance(word.slice(0, 32), candidate);
		if (edits < fewest) [best, fewest] = [candidate, edits];
	}
	return best;
}

/**
 * How many letters are to be put in, taken out, exchanged or swapped with their neighbour (the distance of
 * Damerau and Levenshtein, with two rows of its table at hand).
 */
function editDistance(a: string, b: string): number {
	let before: number[] = [];
	let row = Array.from({ length: b.length + 1 }, (_, n) => n);
	for (let i = 0; i < a.length; i += 1) {
		const next = [i + 1];
		for (let j = 0; j < b.length; j += 1) {
			const exchanged = row[j]! + (a[i] === b[j] ? 0 : 1);
			const isSwap = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
			const swapped = isSwap ? before[j - 1]! + 1 : Infinity;
			next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, exchanged, swapped));
		}
		[before, row] = [row, next];
	}
	return row[b.length]!;
}
