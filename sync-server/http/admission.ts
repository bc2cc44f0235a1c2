export interface AdmissionLimits {
	/** Open sockets in all. */
	readonly sockets: number;
	/** Of one person: a browser has about twenty. */
	readonly socketsOfOne: number;
	/** Sockets whose sign-in is looked up or whose document is loaded: what a storm piles up. */
	readonly joining: number;
}

export const admissionLimits: AdmissionLimits = {
	sockets: 10_000,
	socketsOfOne: 500,
	joining: 4_000,
};

/** Counts sockets from their first byte to their end, and says who must wait outside. */
export class Admission {
	readonly #limits: AdmissionLimits;
	readonly #ofUser = new Map<string, number>();
	#sockets = 0;
	#joining = 0;

	constructor(limits: AdmissionLimits) {
		this.#limits = limits;
	}

	/** Whether another socket may be opened now. Asked before it costs anything. */
	get hasRoom(): boolean {
		return this.#sockets < this.#limits.sockets && this.#joining < this.#limits.joining;
	}

	/** A socket is there; call what it answers when it is gone. */
	opened(): () => void {
		this.#sockets++;
		return () => void this.#sockets--;
	}

	/** Runs what a socket needs before it is served. */
	async joining(work: () => Promise<void>): Promise<void> {
		this.#joining++;
		try {
			await work();
		} finally {
			this.#joining--;
		}
	}

	/** The socket is this person's: what to call when it is gone, or undefined where they have too many. */
	ofUser(user: string): (() => void) | undefined {
		const count = this.#ofUser.get(user) ?? 0;
		if (count >= this.#limits.socketsOfOne) return undefined;
		this.#ofUser.set(user, count + 1);
		return () => {
			const left = this.#ofUser.get(user)! - 1;
			if (left === 0) this.#ofUser.delete(user);
			else this.#ofUser.set(user, left);
		};
	}
}
