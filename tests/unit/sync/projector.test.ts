import { setImmediate as turn } from 'node:timers/promises';
import pino from 'pino';
import { expect, test } from 'vitest';
import { Projector, type Committed } from '#sync-server/documents/projector.ts';
import { MemoryDisk, openMemoryLog } from '#sync-server/log/memory-log.ts';

const path = 'p/b/answers';
const commit = (seq: number): Committed => ({
	from: seq,
	upTo: seq,
	entries: [{ map: 'submitted', key: `s${seq}`, value: {}, user: 'ada', receivedAt: '' }],
});

/** What reaches the tables when a second commit comes so many microtasks after the first was taken in. */
async function projectedWith(delay: number): Promise<string[]> {
	const keys: string[] = [];
	const projector = new Projector({
		log: openMemoryLog(new MemoryDisk()),
		logger: pino({ level: 'silent' }),
		projection: {
			allWatermarks: () => Promise.resolve([]),
			rewind: () => Promise.resolve(),
			watermark: () => Promise.resolve(0),
			project({ entries }) {
				keys.push(...entries.map(({ key }) => key));
				if (keys.length > 1) return Promise.resolve();
				let later = Promise.resolve();
				for (let n = 0; n < delay; n++) later = later.then(() => undefined);
				void later.then(() => projector.committed(path, commit(2)));
				return Promise.resolve();
			},
		},
	});
	projector.committed(path, commit(1));
	await turn();
	await turn();
	return keys;
}

test('a commit that comes while the projector is about to rest is not left lying', async () => {
	for (let delay = 0; delay < 20; delay++)
		expect([delay, await projectedWith(delay)]).toEqual([delay, ['s1', 's2']]);
});
