import { join } from 'node:path';
import { CommandError } from '#shared/api/errors.ts';
import { openAccounts } from '../accounts/accounts.ts';
import { readConfig } from '../config.ts';
import { openTables } from '../tables/sqlite/open-tables.ts';

/** `npm run sign-in -- <user>`: prints a sign-in link. Works while the server runs, on its tables. */
async function main(login: string | undefined): Promise<void> {
	if (login === undefined) return fail('Say for whom: npm run sign-in -- <user>');
	const config = readConfig(process.env);
	const tables = await openTables(join(config.home, 'tables.db'));
	try {
		const url =
			config.url ?? (await tables.settings.get('url')) ?? `http://${config.host}:${config.port}`;
		const accounts = await openAccounts({ tables, url, cookieName: 'flywheel' });
		const person = await accounts.findByLogin(login);
		if (!person) return fail(`There is nobody called ${login} here.`);
		const token = await accounts.signInLink(person.id);
		process.stdout.write(`${url}/sign-in#${token}\n`);
	} catch (error) {
		if (!(error instanceof CommandError)) throw error;
		fail(error.message);
	} finally {
		await tables.close();
	}
}

function fail(reason: string): void {
	process.stderr.write(`${reason}\n`);
	process.exitCode = 1;
}

await main(process.argv[2]);
