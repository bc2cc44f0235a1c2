/**
 * Every error a person or a program can be told, in one table: its HTTP status and what to do about it.
 * The message says what happened and to what; the hint says what to do next.
 */
export const errorTable = {
	bad_request: { status: 400, hint: 'Compare the request with /api/openapi.json.' },
	bad_json: { status: 400, hint: 'Send a JSON body.' },
	bad_schema: { status: 400, hint: 'Mend the schema at the path named and send it again.' },
	bad_hash: {
		status: 422,
		hint: 'The bytes do not have the SHA-256 they were sent under; send them again.',
	},
	bad_offset: { status: 409, hint: 'Ask with HEAD how far the upload is and go on from there.' },
	bad_image: { status: 422, hint: 'Send a PNG, JPEG, GIF, WebP or AVIF image that opens.' },
	signed_out: { status: 401, hint: 'Sign in, or send a token as Authorization: Bearer <token>.' },
	bad_credentials: { status: 401, hint: 'Check the name and the password, or ask for a new link.' },
	link_used: { status: 401, hint: 'A link works once, for 15 minutes. Ask for a new one.' },
	forbidden: { status: 403, hint: 'Ask an owner or a lead of the project.' },
	cross_site: { status: 403, hint: 'Open the app at its own address, or use a token.' },
	not_found: { status: 404, hint: 'Check the address, and that you are a member of the project.' },
	method_not_allowed: { status: 405, hint: 'See /api/openapi.json for what this address takes.' },
	conflict: { status: 409, hint: 'Read the present state and decide again.' },
	name_taken: { status: 409, hint: 'Choose another name.' },
	no_items: { status: 409, hint: 'Import items, or close batches that hold them.' },
	not_recovering: {
		status: 409,
		hint: 'Send what is your own over /sync; of others nothing is taken.',
	},
	not_taken: { status: 409, hint: 'Keep it; look again later, or hand it to a lead as a file.' },
	run_ended: { status: 409, hint: 'The run has ended already; retry it to make it run again.' },
	superseded: { status: 409, hint: 'Another attempt has taken over; stop this one.' },
	protocol_too_old: { status: 409, hint: 'Update the runner to the version of the server.' },
	item_changed: { status: 409, hint: 'Items never change: give the new data another id.' },
	too_large: { status: 413, hint: 'Send less at once.' },
	unsupported_format: { status: 415, hint: 'Send JSON lines (format=jsonl).' },
	disk_full: {
		status: 507,
		hint: 'Free space on the server; nothing was lost, and sending again is harmless.',
	},
	disk_failed: {
		status: 503,
		hint: 'Look after the disk of the server; what was saved is safe, and sending again is harmless.',
	},
	too_many_attempts: { status: 429, hint: 'Wait a few minutes, or ask for a new sign-in link.' },
	overloaded: { status: 503, hint: 'Try again in a moment.' },
	internal: { status: 500, hint: 'The server’s log has the details under this request’s id.' },
} as const;

export type ErrorCode = keyof typeof errorTable;

/** The body of every error answer. */
export interface ErrorBody {
	readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint?: string };
}

/** An expected failure of a command. Whoever answers the request prints it from the table. */
export class CommandError extends Error {
	readonly code: ErrorCode;

	constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = 'CommandError';
		this.code = code;
	}

	get status(): number {
		return errorTable[this.code].status;
	}

	get body(): ErrorBody {
		return { error: { code: this.code, message: this.message, hint: errorTable[this.code].hint } };
	}
}
