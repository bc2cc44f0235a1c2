import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright';

/** A program that a test needs and npm cannot bring. */
interface Need {
	readonly name: string;
	/** Where it is, if it is there. */
	find(): string | undefined;
	/** Debian's package. */
	readonly debian: string;
	/** The one command elsewhere. */
	readonly elsewhere: string;
}

function onPath(...names: readonly string[]): string | undefined {
	for (const name of names) {
		const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
		if (found.status === 0) return found.stdout.trim();
	}
	return undefined;
}

function playwrightsOwn(): string | undefined {
	const path = chromium.executablePath();
	return existsSync(path) ? path : undefined;
}

const needs: readonly Need[] = [
	{
		name: 'Chromium',
		find: () =>
			process.env['CHROMIUM'] ??
			onPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable') ??
			playwrightsOwn(),
		debian: 'chromium',
		elsewhere: 'npx playwright install chromium',
	},
	{ name: 'git', find: () => onPath('git'), debian: 'git', elsewhere: 'brew install git' },
	{
		name: 'git-lfs',
		find: () => onPath('git-lfs'),
		debian: 'git-lfs',
		elsewhere: 'brew install git-lfs',
	},
];

function isRootOnDebian(): boolean {
	if (process.getuid?.() !== 0 || !existsSync('/etc/os-release')) return false;
	return /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'));
}

/**
 * Finds what the tests need, installing Debian's packages when that may be done without asking. Returns
 * the path of Chromium. Throws with the one command that helps.
 */
export function provideNeeds(): { readonly chromium: string } {
	const missing = needs.filter((need) => need.find() === undefined);
	if (missing.length > 0) {
		const packages = missing.map((need) => need.debian).join(' ');
		const install = `apt-get update && apt-get install -y --no-install-recommends ${packages}`;
		if (!isRootOnDebian()) {
			const commands = existsSync('/etc/debian_version')
				? [`sudo sh -c '${install}'`]
				: missing.map((need) => need.elsewhere);
			throw new Error(
				`The tests need ${missing.map((need) => need.name).join(' and ')}. Run: ${commands.join(' && ')}`,
			);
		}
		console.log(`Installing ${packages} for the tests`);
		execFileSync('sh', ['-c', install], {
			stdio: ['ignore', 'ignore', 'inherit'],
			env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
		});
	}
	return { chromium: needs[0]!.find()! };
}
