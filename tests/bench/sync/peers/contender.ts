/** How a server is spoken to: the y-websocket protocol, with what each adds to it. */
export type Dialect = 'flywheel' | 'hocuspocus' | 'y-websocket';

/** Where the load goes; travels to the load's own process. */
export interface Target {
	readonly dialect: Dialect;
	/** `ws://host:port` and what stands before a document's name. */
	readonly url: string;
	readonly documents: readonly string[];
	/** Credentials of several people; one person may open only so many sockets. */
	readonly tokens: readonly string[];
	/** Whose processor time counts. */
	readonly pid: number;
}

/** A server that runs, with a fresh database. */
export interface Running {
	readonly target: Target;
	stop(): Promise<void>;
}

/** A server to be measured. */
export interface Contender {
	readonly name: string;
	/** Starts it in a process of its own with so many empty documents. */
	start(documents: number): Promise<Running>;
}
