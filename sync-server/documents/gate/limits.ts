/**
 * What one document and one update may cost. A 500-item batch with 20 regions each is 0.64 MB and 10,000
 * structs; after ten edits of each, 1.6 MB and 110,000. The limits leave honest work ten times that.
 */
export const limits = {
	/** One live update. A client with more to say splits it. */
	updateBytes: 1024 * 1024,
	/** The answer to a step 1: weeks of offline work at once. */
	step2Bytes: 16 * 1024 * 1024,
	/** What is judged in the main thread: 15 ms at most. The rest is judged aside. */
	mainThreadBytes: 64 * 1024,
	/** What is read from disk into memory in one go: 10 ms. A larger document is read aside and taken up by pieces. */
	mainThreadStoredBytes: 128 * 1024,
	/** Of what documents the differences are told in one go: 25 ms. Those of larger ones are found aside. */
	mainThreadDocumentBytes: 1024 * 1024,
	mainThreadStructs: 20_000,
	/** Yjs clients in one update: one per tab that was ever opened on the document. */
	clients: 2_000,
	/** Yjs clients of a whole document. Every change and every greeting goes over all of them. */
	documentClients: 10_000,
	/** What somebody says to have: so much as 20,000 clients are told in. */
	stateVectorBytes: 256 * 1024,
	structs: 400_000,
	deleteRanges: 100_000,
	/** How many items Yjs may look at to find the places of those of one update: 50 ms (placing-work.ts). */
	placingSteps: 400_000,
	/** How many values of one key may stand beside each other: as many tabs set it, and none saw another do so. */
	besideEachOther: 500,
	/** How many items are looked at and deleted within one turn of the main thread: 15 ms. The rest is judged aside. */
	mainThreadItems: 20_000,
	/** How far the clocks of one update may move; text counts every code unit. */
	clockAdvance: 4_000_000,
	/** Root types: two maps, and a text for each item and tool that has one. */
	roots: 5_000,
	textLength: 200_000,
	valueDepth: 32,
	valueNodes: 100_000,
	/** Encoded size of a whole document. */
	documentBytes: 16 * 1024 * 1024,
} as const;
