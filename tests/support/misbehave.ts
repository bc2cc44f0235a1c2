import { existsSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

/**
 * Loaded before the server, in each of its threads (`--import`): makes it fail as a bug would. MISBEHAVE says how:
 * `reject` and `throw` on SIGUSR2; the name of a database ends the thread that has it, once there is a file of
 * that name with `.dies` behind it.
 */
const how = process.env['MISBEHAVE'];

if (isMainThread && how === 'reject')
	process.on('SIGUSR2', () => void Promise.reject(new Error('a promise of the test')));
if (isMainThread && how === 'throw')
	process.on('SIGUSR2', () => {
		throw new Error('a bug of the test');
	});

const file = (workerData as { readonly file?: string } | null)?.file;
if (!isMainThread && file?.endsWith(`/${how}`))
	setInterval(() => {
		if (existsSync(`${file}.dies`)) throw new Error('a bug of the test in a thread');
	}, 10).unref();
