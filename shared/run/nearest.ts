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

/** Levenshtein distance, one row of the table at a time. */
function editDistance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, n) => n);
	for (const [i, letter] of [...a].entries()) {
		const next = [i + 1];
		for (const [j, other] of [...b].entries())
			next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (letter === other ? 0 : 1)));
		row = next;
	}
	return row[b.length]!;
}
