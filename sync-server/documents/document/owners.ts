import { isRecovered, recoveredThrough } from '#shared/corpus/recovered.ts';
import type { GateVerdict } from '../gate/inspect-update.ts';

type Claims = Pick<Extract<GateVerdict, { kind: 'ok' }>, 'claims' | 'recovered'>;

/** Who owns which Yjs client id of a document (S6); what nobody owned comes to who brought it first. */
export class Owners {
	readonly #byClient: Map<number, string>;

	constructor(stored: ReadonlyMap<number, string>) {
		this.#byClient = new Map(stored);
	}

	get byClient(): ReadonlyMap<number, string> {
		return this.#byClient;
	}

	/** True while what a verdict claims for a user is still nobody else's. */
	mayClaim({ claims, recovered }: Claims, user: string): boolean {
		const ownerOf = (client: number): string | undefined => this.#byClient.get(client);
		return (
			claims.every((client) => (ownerOf(client) ?? user) === user) &&
			recovered.every((client) => isRecovered(ownerOf(client) ?? recoveredThrough(user)))
		);
	}

	claim({ claims, recovered }: Claims, user: string): void {
		for (const client of claims) this.#byClient.set(client, user);
		for (const client of recovered)
			if (!this.#byClient.has(client)) this.#byClient.set(client, recoveredThrough(user));
	}
}
