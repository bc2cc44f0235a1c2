import { createContext } from 'svelte';
import type { StoragePromise } from '#app/media/persistence.svelte.ts';
import type { Documents } from '#app/documents/documents.ts';
import type { Api } from '#app/net/api.ts';
import type { Session } from '#app/net/session.svelte.ts';
import type { Replica } from '#app/replica/database.ts';
import type { Toasts } from '#app/model/toasts.svelte.ts';
import type { Me } from '#shared/api/replies.ts';

/** What every page may reach: made once by the root layout, handed down by context. */
export interface AppContext {
	readonly api: Api;
	readonly session: Session;
	readonly toasts: Toasts;
}
export const [getApp, setApp] = createContext<AppContext>();

/** What pages of a signed-in person have beside it. */
export interface SignedInContext {
	readonly me: Me;
	readonly replica: Replica;
	readonly documents: Documents;
	readonly storagePromise: StoragePromise;
}
export const [getSignedIn, setSignedIn] = createContext<SignedInContext>();
