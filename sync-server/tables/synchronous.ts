/** The same methods, answering at once: what runs inside the thread that owns the database. */
export type Synchronous<T> = {
	readonly [Method in keyof T]: T[Method] extends (...args: infer A) => Promise<infer R>
		? (...args: A) => R
		: never;
};
