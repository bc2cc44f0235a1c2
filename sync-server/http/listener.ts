import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Logger } from 'pino';
import { CommandError } from '#shared/api/errors.ts';
import type { Metrics } from './metrics.ts';
import { addressOf, isLocal, pathnameOf } from './node-request.ts';
import { readOut } from './read-out.ts';

type NodeHandler = (req: IncomingMessage, res: ServerResponse) => void | Promise<void>;

export interface RequestFacts {
	/** Stands in the log and in the answer's X-Request-Id. */
	readonly id: string;
	/** Where it came from. */
	readonly address: string;
	/** Who makes it, once that is known. */
	user?: string;
}

interface Options {
	readonly api: Hono;
	readonly app: NodeHandler;
	readonly git: NodeHandler;
	readonly metrics: Metrics;
	readonly logger: Logger;
	/** What is known of each API request beside what it says. */
	readonly facts: WeakMap<Request, RequestFacts>;
	/** What `/healthz` says; rejects when the server cannot do its work, with a CommandError where that has a name. */
	readonly health: () => Promise<object>;
}

/** The server's front door for HTTP: sends each request to its plane, and logs how it went. */
export function listener(options: Options): NodeHandler {
	const { api, app, git, metrics, logger, facts, health } = options;
	const known = new WeakMap<IncomingMessage, RequestFacts>();
	const answerApi = getRequestListener(
		async (request, { incoming }) => {
			facts.set(request, known.get(incoming as IncomingMessage)!);
			const response = await api.fetch(request);
			if (!response.ok) await readOut(incoming as IncomingMessage);
			return response;
		},
		{ overrideGlobalObjects: false },
	);

	return async (req, res) => {
		const began = performance.now();
		const fact: RequestFacts = { id: randomUUID(), address: addressOf(req) };
		const { id } = fact;
		known.set(req, fact);
		const path = pathnameOf(req);
		res.setHeader('X-Request-Id', id);
		res.on('close', () => {
			const ms = Math.round(performance.now() - began);
			metrics.request(req.method ?? '', res.statusCode, ms / 1000);
			const level = path.startsWith('/api/') || path.startsWith('/git/') ? 'info' : 'debug';
			logger[level](
				{ id, user: fact.user, method: req.method, path, status: res.statusCode, ms },
				'request',
			);
		});
		try {
			if (/^\/api(\/|$)/.test(path)) await answerApi(req, res);
			else if (path.startsWith('/git/')) await git(req, res);
			else if (path === '/healthz') await printHealth(res);
			else if (path === '/metrics') await printMetrics(req, res);
			else if (req.method === 'GET' || req.method === 'HEAD') await app(req, res);
			else res.writeHead(405, { Allow: 'GET, HEAD' }).end();
		} catch (error) {
			logger.error({ id, path, err: error }, 'a request failed');
			if (!res.headersSent) json(res, 500, { ok: false });
			else res.destroy();
		}
	};

	async function printHealth(res: ServerResponse): Promise<void> {
		try {
			json(res, 200, await health());
		} catch (error) {
			if (!(error instanceof CommandError)) throw error;
			json(res, error.status, { ok: false, ...error.body });
		}
	}

	async function printMetrics(req: IncomingMessage, res: ServerResponse): Promise<void> {
		// Counts are the operator's: a proxy that faces the world does not pass for this machine.
		if (!isLocal(req)) return void res.writeHead(404).end();
		res.writeHead(200, { 'Content-Type': metrics.registry.contentType });
		res.end(await metrics.registry.metrics());
	}
}

function json(res: ServerResponse, status: number, body: object): void {
	res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
