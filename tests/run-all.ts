import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { provideNeeds } from './support/needs.ts';

/**
 * Runs every suite, one after the other, and ends with `N passed, N failed` over all of them. A suite that
 * breaks before it reports counts as one failure, so that silence never looks like success.
 */
const root = join(import.meta.dirname, '..');
const reports = join(root, 'build/tests');

interface Tally {
	readonly passed: number;
	readonly failed: number;
}

function run(
	command: string,
	args: readonly string[],
	environment: NodeJS.ProcessEnv,
): Promise<number> {
	return new Promise((resolve) => {
		const child = spawn(command, args, {
			cwd: root,
			stdio: ['ignore', 'inherit', 'inherit'],
			env: environment,
		});
		child.on('error', () => resolve(127));
		child.on('exit', (code) => resolve(code ?? 1));
	});
}

function readReport<T>(file: string): T | undefined {
	try {
		return JSON.parse(readFileSync(join(reports, file), 'utf8')) as T;
	} catch {
		return undefined; // the suite broke before it could write one: counted below
	}
}

async function vitest(project: string, environment: NodeJS.ProcessEnv): Promise<Tally> {
	const file = `${project}.json`;
	const code = await run(
		'vitest',
		[
			'run',
			'--config',
			'tests/vitest.config.ts',
			'--project',
			project,
			'--reporter',
			'default',
			'--reporter',
			'json',
			'--outputFile.json',
			join(reports, file),
		],
		environment,
	);
	const report = readReport<{ numPassedTests: number; numFailedTests: number }>(file);
	const failed = report?.numFailedTests ?? 0;
	return { passed: report?.numPassedTests ?? 0, failed: code !== 0 && failed === 0 ? 1 : failed };
}

async function playwright(environment: NodeJS.ProcessEnv): Promise<Tally> {
	const code = await run('playwright', ['test', '--config', 'tests/e2e'], {
		...environment,
		PLAYWRIGHT_JSON_OUTPUT_FILE: join(reports, 'e2e.json'),
	});
	const stats = readReport<{ stats: { expected: number; unexpected: number; flaky: number } }>(
		'e2e.json',
	)?.stats;
	const failed = (stats?.unexpected ?? 0) + (stats?.flaky ?? 0);
	return { passed: stats?.expected ?? 0, failed: code !== 0 && failed === 0 ? 1 : failed };
}

let chromium: string;
try {
	({ chromium } = provideNeeds());
} catch (error) {
	console.error((error as Error).message);
	console.log('0 passed, 1 failed');
	process.exit(1);
}
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const environment = { ...process.env, CHROMIUM: chromium };

const built = await run('vite', ['build', '--logLevel', 'warn'], environment);
const tallies = [
	{ passed: 0, failed: built === 0 ? 0 : 1 },
	await vitest('node', environment),
	await vitest('browser', environment),
	await playwright(environment),
];
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
