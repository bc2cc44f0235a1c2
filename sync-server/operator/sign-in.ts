import { join } from 'node:path';
import { openAccounts } from '../accounts/accounts.ts';
import { readConfig } from '../config.ts';
import { openTables } from '../tables/sqlite/open-tables.ts';
import { checkHome, OperatorError, runCommand } from './command.ts';

/** `npm run sign-in -- <user>`: prints a sign-in link. Works while the server runs, on its tables. */
async function main(login: string | undefined): Promise<void> {
	if (login === undefined) throw new OperatorError('Say for whom: npm run sign-in -- <user>');
	const config = readConfig(process.env);
	checkHome(config.home);
	const tables = await openTables({ file: join(config.home, 'tables.db') });
	try {
		const url =
			config.url ?? (await tables.settings.get('url')) ?? `http://${config.host}:${config.port}`;
		const accounts = await openAccounts({ tables, url, cookieName: 'flywheel' });
		const person = await accounts.findByLogin(login);
		if (!person) throw new OperatorError(`There is nobody called ${login} here.`);
		const token = await accounts.signInLink(person.id);
		process.stdout.write(`${url}/sign-in#${token}\n`);
	} finally {
		await tables.close();
	}
}

await runCommand(() => main(process.argv[2]));
