import type { SettingsTable } from '../settings.ts';
import type { Synchronous } from '../synchronous.ts';
import type { Database } from './database.ts';

/** Few values of the whole installation, by name. */
export function settings(database: Database): Synchronous<SettingsTable> {
	const get = (key: string): string | undefined =>
		database.prepare('SELECT value FROM settings WHERE key = ?').get(key)?.['value'] as
			string | undefined;
	const put = (key: string, value: string): void => {
		database
			.prepare(
				'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
			)
			.run(key, value);
	};
	return {
		get,
		put,
		getOrPut(key, value) {
			const known = get(key);
			if (known === undefined) put(key, value);
			return known ?? value;
		},
	};
}
