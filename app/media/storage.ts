/** This device has no room left for what was to be kept. */
export class StorageFull extends Error {
	constructor(options?: ErrorOptions) {
		super('This device has no room left. Drop a kept batch, or free some space.', options);
		this.name = 'StorageFull';
	}
}

/** Whether the browser promised not to clear this app's storage by itself; `unknown` where it cannot say. */
export type Persistence = 'granted' | 'denied' | 'unknown';

/** Asks the browser to keep this app's storage until a person clears it. Some ask the person. */
export async function askPersistence(): Promise<Persistence> {
	// Not there on plain http.
	const storage = navigator.storage as StorageManager | undefined;
	if (!storage) return 'unknown';
	if (await storage.persisted()) return 'granted';
	return (await storage.persist()) ? 'granted' : 'denied';
}

/** How much this app stores on the device and how much it may, in bytes; undefined where it cannot be told. */
export async function storageUse(): Promise<
	{ readonly usedBytes: number; readonly quotaBytes: number } | undefined
> {
	const storage = navigator.storage as StorageManager | undefined;
	const { usage, quota } = (await storage?.estimate()) ?? {};
	return usage === undefined || quota === undefined
		? undefined
		: { usedBytes: usage, quotaBytes: quota };
}
