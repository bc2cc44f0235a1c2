/** Smaller ones are copied: that costs less than to hand them over. */
const leastBytes = 4096;

/**
 * The buffers of everything in a value that is long and has its buffer to itself: those that may be handed
 * over to another thread, so that only one of the two ever holds them. Who hands them over has them no more.
 */
export function buffersOf(value: unknown): ArrayBuffer[] {
	const found = new Set<ArrayBuffer>();
	collect(value, found);
	return [...found];
}

function collect(value: unknown, found: Set<ArrayBuffer>): void {
	if (typeof value !== 'object' || value === null) return;
	if (value instanceof Uint8Array) {
		const { buffer, byteLength } = value;
		// A part of a larger buffer shares it with others, as Node's pool does.
		const isItsOwn = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
		if (isItsOwn && byteLength >= leastBytes) found.add(buffer);
	} else if (Array.isArray(value)) for (const one of value) collect(one, found);
	else for (const one of Object.values(value)) collect(one, found);
}
