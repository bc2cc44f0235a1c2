import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';

/**
 * The built app: files as they are, and its one page for every other path. Built assets carry a hash in
 * their name and are kept for ever; the page and the service worker are asked for each time.
 */
export function staticApp(folder: string): (req: IncomingMessage, res: ServerResponse) => void {
	const page = join(folder, 'index.html');
	if (!existsSync(page)) return missingApp;
	const policy = contentPolicy(readFileSync(page, 'utf8'));
	const files = sirv(folder, {
		single: true,
		etag: true,
		dotfiles: false,
		setHeaders(res, pathname) {
			const isHashed = pathname.includes('/immutable/');
			res.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
			res.setHeader('X-Content-Type-Options', 'nosniff');
			if (isHashed) return;
			res.setHeader('Content-Security-Policy', policy);
			res.setHeader('Referrer-Policy', 'same-origin');
			res.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
		},
	});
	return (req, res) =>
		files(req, res, () => {
			res.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('Not found\n');
		});
}

/** Scripts are our own files, and the inline ones that the build wrote, each by its hash. */
function contentPolicy(page: string): string {
	const inline = [...page.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
		([, script]) => `'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
	);
	return [
		`default-src 'self'`,
		`script-src ${[`'self'`, ...inline].join(' ')}`,
		`style-src 'self' 'unsafe-inline'`,
		`img-src 'self' blob: data:`,
		`media-src 'self' blob:`,
		`font-src 'self' data:`,
		`worker-src 'self' blob:`,
		`object-src 'none'`,
		`base-uri 'none'`,
		`form-action 'self'`,
		`frame-ancestors 'none'`,
	].join('; ');
}

function missingApp(_: IncomingMessage, res: ServerResponse): void {
	res
		.writeHead(503, { 'Content-Type': 'text/plain; charset=utf-8' })
		.end('The app is not built. Run `npm start`, or `npm run build` and start again.\n');
}
