import { z } from 'zod';
import type { Me } from '#shared/api/replies.ts';
import { ApiError, Offline, type Api } from './api.ts';
import { KeptPerson } from './kept-person.ts';

const meShape = z.object({
	user: z.object({ id: z.string(), name: z.string(), email: z.string().nullable() }),
	epoch: z.string(),
	canWorkOffline: z.boolean(),
	url: z.string(),
	recovers: z.string().optional(),
});
const storageKey = 'flywheel-me';

export type SessionState = 'unknown' | 'signed-in' | 'signed-out' | 'offline';

/**
 * Who is using the app. The last known person is kept on the device, so that the app opens as that
 * person without a network, and until they sign out: a session that merely expired (`signed-out` while
 * `me` is still there) takes nobody's work off the screen.
 */
export class Session {
	readonly #api: Api;
	readonly #storage: Storage;
	/** The same, where a crash does not take it. */
	readonly #kept = new KeptPerson();
	/** Tabs tell each other that somebody signed in or out, or that it ended. */
	readonly #channel = new BroadcastChannel('flywheel-session');
	#me = $state.raw<Me | undefined>();
	#state = $state<SessionState>('unknown');

	constructor(api: Api, storage: Storage = localStorage) {
		this.#api = api.as(undefined);
		this.#storage = storage;
		this.#channel.onmessage = () => void this.load().catch(reportError);
		this.#me = remembered(storage);
	}

	get me(): Me | undefined {
		return this.#me;
	}

	get state(): SessionState {
		return this.#state;
	}

	/** Asks the server who this is. Never throws for a missing network: that is the state `offline`. */
	async load(): Promise<void> {
		if (!this.#me) await this.#recall();
		try {
			const me = await this.#api.get<Me>('/api/me');
			this.#storage.setItem(storageKey, JSON.stringify(me));
			const isAnotherServer = this.#me !== undefined && this.#me.epoch !== me.epoch;
			this.#me = me;
			this.#state = 'signed-in';
			if (isAnotherServer) this.#tellTabs();
			await this.#kept.keep(me).catch(reportError); // without room one can still work
		} catch (error) {
			if (error instanceof Offline) this.#state = 'offline';
			else if (error instanceof ApiError && error.status === 401) this.#state = 'signed-out';
			else throw error;
		}
	}

	/** Exchanges the token of a sign-in link for a session. */
	async signInByLink(token: string): Promise<void> {
		await this.#api.post('/api/session/link', { token });
		await this.load();
		this.#tellTabs();
	}

	async signInByPassword(name: string, password: string): Promise<void> {
		await this.#api.post('/api/session/password', { name, password });
		await this.load();
		this.#tellTabs();
	}

	/** Ends the session here and on the server. What is unsent stays on the device for the same person. */
	async signOut(): Promise<void> {
		// Where somebody else has signed in on this device meanwhile, theirs is not ended.
		const mine = this.#api.as(this.#me?.user.id);
		await mine.delete('/api/session').catch((error: unknown) => {
			if (!(error instanceof ApiError && error.status === 401)) throw error;
		});
		await this.#kept.forget();
		this.#storage.removeItem(storageKey);
		this.#me = undefined;
		this.#state = 'signed-out';
		this.#tellTabs();
	}

	/** The server takes this person for nobody (401, 4401): their session ended, or the cookie is somebody else's. */
	expire(user: string): void {
		if (this.#me?.user.id !== user || this.#state === 'signed-out') return;
		this.#state = 'signed-out';
		void this.load().catch(reportError);
		this.#tellTabs();
	}

	close(): void {
		this.#channel.close();
		this.#kept.close();
	}

	/** Whom localStorage lost in a crash. */
	async #recall(): Promise<void> {
		const kept = meShape.safeParse(await this.#kept.read().catch(reportError));
		if (kept.success) this.#me ??= kept.data;
	}

	#tellTabs(): void {
		this.#channel.postMessage('changed');
	}
}

function remembered(storage: Storage): Me | undefined {
	const text = storage.getItem(storageKey);
	if (text === null) return undefined;
	try {
		const me = meShape.safeParse(JSON.parse(text));
		return me.success ? me.data : undefined;
	} catch {
		return undefined; // written by something else: ask the server again
	}
}
