import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { ended } from './run-git.ts';
import { gitEnvironment } from './environment.ts';
import { ReportGate } from './report-gate.ts';

export interface BackendRequest {
	readonly request: IncomingMessage;
	readonly response: ServerResponse;
	/** The folder of all repositories, and the path below it that git is asked for. */
	readonly root: string;
	readonly path: string;
	readonly query: string;
	/** A user id, for git's own records. */
	readonly user: string;
	readonly config: Readonly<Record<string, string>>;
	readonly environment: Readonly<Record<string, string>>;
	/** A push: runs when git is done, before the pusher hears of it. */
	readonly beforeReport?: () => Promise<void>;
	/** Told what git complained of. */
	readonly onComplaint: (text: string) => void;
}

/**
 * Runs `git http-backend` for one request (CGI), streaming both ways. When the client goes away the
 * whole process group is ended; a push whose bytes have all arrived is left to finish.
 */
export async function runBackend(backend: BackendRequest): Promise<void> {
	const { request, response } = backend;
	const child = spawn('git', ['http-backend'], {
		detached: true,
		env: { ...gitEnvironment(backend.config), ...cgi(backend), ...backend.environment },
		stdio: 'pipe',
	});
	const stop = (): void => {
		const isPushComplete = backend.beforeReport !== undefined && request.complete;
		if (response.writableFinished || isPushComplete || child.exitCode !== null) return;
		try {
			process.kill(-child.pid!, 'SIGTERM');
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
		}
	};
	response.on('close', stop);
	const complaint = text(child.stderr);
	const exit = ended(child);
	// A broken upload ends the backend's input early; how the backend ends is what counts.
	const upload = pipeline(request, child.stdin).catch(() => undefined);
	try {
		await relay(child.stdout, backend, exit);
	} finally {
		stop();
		await Promise.all([exit, upload]);
		response.off('close', stop);
		const said = (await complaint).trim();
		if (said !== '') backend.onComplaint(said);
	}
}

async function relay(
	stdout: AsyncIterable<Buffer>,
	{ request, response, beforeReport }: BackendRequest,
	exit: Promise<unknown>,
): Promise<void> {
	let gate: ReportGate | undefined;
	let head: Buffer | undefined = Buffer.alloc(0);
	for await (const chunk of stdout) {
		let body = chunk;
		if (head) {
			head = Buffer.concat([head, chunk]);
			const end = head.indexOf('\r\n\r\n');
			if (end === -1) continue;
			writeHead(head.toString('latin1', 0, end), response);
			// What is refused before it is a push is answered in words, not with a report.
			if (beforeReport && response.statusCode === 200) gate = new ReportGate();
			body = head.subarray(end + 4);
			head = undefined;
		}
		// A backend whose input was cut off may say anything, and nobody is left to hear it.
		if (response.destroyed || (request.destroyed && !request.complete)) continue;
		await send(response, gate ? gate.take(body) : body);
	}
	if (head) throw new Error('git http-backend answered nothing');
	if (gate) {
		await exit;
		await beforeReport?.();
		await send(response, gate.release());
	}
	response.end();
}

function writeHead(head: string, response: ServerResponse): void {
	let status = 200;
	for (const line of head.split('\r\n')) {
		const colon = line.indexOf(':');
		const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
		if (name.toLowerCase() === 'status') status = parseInt(value, 10);
		else response.setHeader(name, value);
	}
	response.writeHead(status);
}

/** Resolves when more may be sent, or nobody listens any more. */
async function send(response: ServerResponse, bytes: Buffer): Promise<void> {
	if (bytes.length === 0 || response.destroyed || response.write(bytes)) return;
	const { promise, resolve } = Promise.withResolvers<void>();
	response.once('drain', resolve).once('close', resolve);
	await promise;
	response.off('drain', resolve).off('close', resolve);
}

function cgi({ request, root, path, query, user }: BackendRequest): Record<string, string> {
	const variables: Record<string, string> = {
		GIT_PROJECT_ROOT: root,
		GIT_HTTP_EXPORT_ALL: '1',
		GATEWAY_INTERFACE: 'CGI/1.1',
		SERVER_PROTOCOL: 'HTTP/1.1',
		REQUEST_METHOD: request.method ?? 'GET',
		PATH_INFO: path,
		QUERY_STRING: query,
		REMOTE_USER: user,
		REMOTE_ADDR: request.socket.remoteAddress ?? '',
	};
	const { headers } = request;
	if (headers['content-type']) variables['CONTENT_TYPE'] = headers['content-type'];
	// Absent for a chunked body: the backend then reads to the end.
	if (headers['content-length']) variables['CONTENT_LENGTH'] = headers['content-length'];
	// The backend inflates; nobody may do it before.
	if (headers['content-encoding']) variables['HTTP_CONTENT_ENCODING'] = headers['content-encoding'];
	const protocol = headers['git-protocol'];
	if (typeof protocol === 'string' && /^version=\d$/.test(protocol))
		variables['GIT_PROTOCOL'] = protocol;
	return variables;
}
