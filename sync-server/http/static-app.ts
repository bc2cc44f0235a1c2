import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Types of what a build of the app holds; nothing else is ever in it. */
const types: Readonly<Record<string, string>> = {
	'.html': 'text/html; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.css': 'text/css; charset=utf-8',
	'.json': 'application/json',
	'.svg': 'image/svg+xml',
	'.png': 'image/png',
	'.woff2': 'font/woff2',
	'.webmanifest': 'application/manifest+json',
};
const compressible = new Set(['.html', '.js', '.css', '.json', '.svg', '.webmanifest']);

interface BuiltFile {
	readonly bytes: Buffer;
	readonly zipped: Buffer | undefined;
	readonly headers: Readonly<Record<string, string>>;
}

/**
 * The built app: files as they are, and its one page for every other path. All of it is read once, at
 * start (a few MB): a build that is replaced under a running server then tears no page apart. Built assets
 * carry a hash in their name and are kept for ever; the page and the service worker are asked for each time.
 */
export function staticApp(folder: string): (req: IncomingMessage, res: ServerResponse) => void {
	if (!existsSync(join(folder, 'index.html'))) return missingApp;
	const files = readFiles(folder);
	const page = files.get('/index.html')!;
	return (req, res) => {
		const path = pathOf(req.url ?? '/');
		const file = path === undefined ? undefined : files.get(path);
		if (path === undefined || (!file && isFile(path)))
			return void res
				.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
				.end('Not found\n');
		send(req, res, file ?? page);
	};
}

/** Whether an address can only be meant for a file: a missing one is then missing, not a page. */
function isFile(path: string): boolean {
	return path.startsWith('/_app/') || (!path.startsWith('/projects/') && extname(path) in types);
}

function send(
	req: IncomingMessage,
	res: ServerResponse,
	{ bytes, zipped, headers }: BuiltFile,
): void {
	if (req.method !== 'GET' && req.method !== 'HEAD')
		return void res.writeHead(405, { Allow: 'GET, HEAD' }).end();
	if (req.headers['if-none-match'] === headers['ETag'])
		return void res.writeHead(304, headers).end();
	const isZipped = zipped !== undefined && /\bgzip\b/.test(req.headers['accept-encoding'] ?? '');
	const body = isZipped ? zipped : bytes;
	res.writeHead(200, {
		...headers,
		...(isZipped ? { 'Content-Encoding': 'gzip' } : {}),
		'Content-Length': body.length,
	});
	res.end(req.method === 'HEAD' ? undefined : body);
}

/** The decoded path, or undefined for one that no URL of the app has. */
function pathOf(url: string): string | undefined {
	try {
		return decodeURIComponent(url.split('?', 1)[0]!);
	} catch {
		return undefined; // a broken escape
	}
}

function readFiles(folder: string): Map<string, BuiltFile> {
	const policy = contentPolicy(readFileSync(join(folder, 'index.html'), 'utf8'));
	const files = new Map<string, BuiltFile>();
	for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
		const extension = extname(name);
		const type = types[extension];
		if (type === undefined) continue;
		const bytes = readFileSync(join(folder, name));
		const path = `/${name.replaceAll(sep, '/')}`;
		files.set(path, {
			bytes,
			zipped: compressible.has(extension) ? gzipSync(bytes) : undefined,
			headers: headersOf(path, type, bytes, policy),
		});
	}
	return files;
}

function headersOf(
	path: string,
	type: string,
	bytes: Buffer,
	policy: string,
): Record<string, string> {
	const headers = {
		'Content-Type': type,
		ETag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
		Vary: 'Accept-Encoding',
		'X-Content-Type-Options': 'nosniff',
	};
	if (path.includes('/immutable/'))
		return { ...headers, 'Cache-Control': 'public, max-age=31536000, immutable' };
	return {
		...headers,
		'Cache-Control': 'no-cache',
		'Content-Security-Policy': policy,
		'Referrer-Policy': 'same-origin',
		'Cross-Origin-Opener-Policy': 'same-origin',
	};
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
