// Turns a sentence into a vector without keeping a vocabulary: words, pairs of neighbours and
// pieces of words are hashed to buckets. A word never seen before needs no special case, and the
// model has one size however much is labeled.

/**
 * The buckets that are set, and the one value they all have: it makes the vector's length 1, so that
 * a long sentence does not count for more than a short one.
 */
export function hashedNgrams(text, bucketCount) {
	const words = text.toLowerCase().match(/[\p{L}\p{N}']+|[!?]/gu) ?? [];
	const buckets = new Set();
	const add = (feature) => buckets.add(hash(feature) % bucketCount);
	words.forEach((word, i) => {
		add(word);
		add(`${words[i - 1] ?? ''} ${word}`); // "not good" is more than "not" and "good"
		for (const piece of pieces(`<${word}>`, 4)) add(`*${piece}`); // "disappoint" in "disappointed"
	});
	return { buckets: Int32Array.from(buckets), value: 1 / Math.sqrt(buckets.size || 1) };
}

function pieces(word, length) {
	const count = Math.max(0, word.length - length + 1);
	return Array.from({ length: count }, (_, i) => word.slice(i, i + length));
}

/** FNV-1a over UTF-16 code units, its high bits folded into the low ones that pick the bucket. */
function hash(text) {
	let bits = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193);
	return (bits ^ (bits >>> 15)) >>> 0;
}
