/** The app's client on a page without its pages (tests/component/documents/device-page.ts), for who drives it. */
export interface KeptDevice {
	/** Opens documents one after the other, writes into each, and leaves it once that is on this device. */
	edit(names: readonly string[], key: string, value: string): Promise<void>;
	/** How many documents wait for the server; 0 when every badge says "on the server". */
	waiting(): Promise<number>;
	/** How far documents are on this device, in the order of the names. */
	cursors(names: readonly string[]): Promise<readonly (string | undefined)[]>;
	/** True once this device knows from where on it asks for changes. */
	hasLooked(): Promise<boolean>;
}

declare global {
	/** Starts it with these documents kept on the device: what is in them it fetches at once. */
	var startDevice: (names: readonly string[]) => Promise<void>;
	var device: KeptDevice;
}
