import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = `
import { getHeapSpaceStatistics } from 'node:v8';
import { giveBackAtRest } from ${JSON.stringify(join(import.meta.dirname, '../../../sync-server/give-back.ts'))};

const youngBytes = () => getHeapSpaceStatistics().find((one) => one.space_name === 'new_space').physical_space_size;
const kept = [];
for (let index = 0; index < 400_000; index++) kept[index % 50_000] = { index, words: [String(index)] };
const taken = youngBytes();
giveBackAtRest();
const timer = setInterval(() => {
	if (youngBytes() > taken / 4) return;
	clearInterval(timer);
	console.log('given back');
}, 100);
`;

test('a thread at rest gives back the room it took for young objects', async () => {
	const words = [
		'--max-semi-space-size=16',
		'--expose-gc',
		'--input-type=module',
		'--eval',
		program,
	];
	const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 20_000 });
	expect(stdout).toBe('given back\n');
});
