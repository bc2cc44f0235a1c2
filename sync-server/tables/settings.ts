/** Few values of the whole installation, by name. */
export interface SettingsTable {
	get(key: string): Promise<string | undefined>;
	/** The value under a key; the one given is kept when there is none yet. */
	getOrPut(key: string, value: string): Promise<string>;
	put(key: string, value: string): Promise<void>;
}
