import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config.ts';

/**
 * Listens before anything else is opened, because the address is part of links and cookies. Requests that
 * come before the doors stand wait in their connections.
 */
export async function listen(server: Server, { host, port }: Config): Promise<AddressInfo> {
	const early: [IncomingMessage, ServerResponse][] = [];
	const keep: RequestListener = (req, res) => void early.push([req, res]);
	server.on('request', keep);
	server.on('newListener', function attach(event: string, handler: typeof keep) {
		if (event !== 'request' || handler === keep) return;
		server.off('newListener', attach);
		server.off('request', keep);
		for (const [req, res] of early) handler(req, res);
	});
	server.listen(port, host);
	await once(server, 'listening');
	return server.address() as AddressInfo;
}

/** A listening host as it stands in an address. */
export function hostOf(host: string): string {
	if (host === '0.0.0.0' || host === '::') return 'localhost';
	return host.includes(':') ? `[${host}]` : host;
}
