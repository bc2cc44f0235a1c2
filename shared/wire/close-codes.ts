/**
 * Why a socket was closed. A stock y-websocket client stops on 44xx and retries for ever on anything
 * else, so what waiting cannot mend is a 44xx and what it can is not.
 */
export const closeCodes = {
	/** Whoever comes back with a new sign-in goes on; without one the door says 4401. */
	credentialEnded: { code: 1008, reason: 'The session or token has ended' },
	restarting: { code: 1012, reason: 'The server restarts' },
	overloaded: { code: 1013, reason: 'The server is overloaded' },
	tooMany: { code: 1013, reason: 'You have too many connections open' },
	signInNeeded: { code: 4401, reason: 'Sign in again' },
	notFound: { code: 4404, reason: 'There is no such document' },
	abuse: { code: 4409, reason: 'Too many refused messages' },
} as const;
export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

/** Codes of message 103, with the sentence that is sent. */
export const refusals = {
	malformed: { code: 1, reason: 'The update could not be read' },
	tooLarge: { code: 2, reason: 'The update is too large' },
	foreignClient: { code: 3, reason: 'The update uses a client id that belongs to someone else' },
	notAllowed: { code: 4, reason: 'You may not write this document' },
	shape: { code: 5, reason: 'The update writes what this document does not hold' },
	authored: { code: 6, reason: 'The update changes what someone else submitted' },
	limit: { code: 7, reason: 'The document is full' },
	tooSlow: { code: 8, reason: 'The update takes too long to check' },
	/** Nothing is wrong with what was sent: the same is taken once the client is updated. */
	outdated: { code: 9, reason: 'Flywheel was updated: reload to send your work' },
} as const;
export type Refusal = keyof typeof refusals;
