/** This device has no room left for what was to be kept. */
export class StorageFull extends Error {
	constructor(options?: ErrorOptions) {
		super('This device has no room left. Drop a kept batch, or free some space.', options);
		this.name = 'StorageFull';
	}
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
