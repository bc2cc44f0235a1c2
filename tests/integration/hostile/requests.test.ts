import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorTable, type ErrorBody } from '#shared/api/errors.ts';
import { cookieOf, ownerToken, sentiment } from '../core/test-server.ts';
import { expectError, openHostileWorld, type HostileWorld } from './hostile-world.ts';

let world: HostileWorld;
beforeAll(async () => {
	world = await openHostileWorld();
});
afterAll(() => world.remove());

const json = (method: string, path: string, body: unknown) =>
	world.send(method, path, { body: typeof body === 'string' ? body : JSON.stringify(body) });
const head = `Host: x\r\nAuthorization: Bearer ${ownerToken}\r\nConnection: close\r\n`;

/** The body of what a raw connection heard: an error of the table. */
function errorOf(heard: string): ErrorBody['error'] {
	return (JSON.parse(heard.slice(heard.indexOf('\r\n\r\n') + 4)) as ErrorBody).error;
}

describe('heads of requests', () => {
	test('headers without end are refused by name, and held nowhere', async () => {
		await world.unharmed(async () => {
			for (const header of [
				`X-Large: ${'a'.repeat(20_000)}`,
				Array.from({ length: 1900 }, (_, n) => `X-${n}: a`).join('\r\n'),
			]) {
				const heard = await world.raw(`GET /api/me HTTP/1.1\r\n${head}${header}\r\n\r\n`);
				expect(heard).toMatch(/^HTTP\/1\.1 413 /);
				expect(errorOf(heard)).toMatchObject({
					code: 'too_large',
					message: expect.stringContaining('headers') as string,
					hint: errorTable.too_large.hint,
				});
			}
			// Who goes on sending may see the end of the connection before the answer.
			const endless = await world.raw(
				`GET /api/me HTTP/1.1\r\n${head}X-Large: ${'a'.repeat(1 << 24)}\r\n\r\n`,
			);
			expect(endless).toMatch(/^(HTTP\/1\.1 413 |$)/);
		});
	});

	test('what is no HTTP is told so', async () => {
		await world.unharmed(async () => {
			for (const bytes of [
				'hello\r\n\r\n',
				`POST /api/projects HTTP/1.1\r\n${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
				`POST /api/projects HTTP/1.1\r\n${head}Content-Length: -5\r\n\r\n{}`,
				`GET /api/me HTTP/1.1\r\n${head}X: a\0b\r\n\r\n`,
			]) {
				const heard = await world.raw(bytes);
				expect(heard).toMatch(/^HTTP\/1\.1 400 /);
				expect([bytes, errorOf(heard).code]).toEqual([bytes, 'bad_request']);
			}
		});
	});

	test('ten thousand parameters are parameters or too large, and make nobody special', async () => {
		await world.unharmed(async () => {
			const many = (count: number) =>
				Array.from({ length: count }, (_, n) => `p${n}`).join('&') + '&__proto__[limit]=1';
			expect((await world.send('GET', `/api/projects?${many(2000)}`)).status).toBe(200);
			const heard = await world.raw(`GET /api/projects?${many(10_000)} HTTP/1.1\r\n${head}\r\n`);
			expect(heard).toMatch(/^HTTP\/1\.1 413 /);
			expect(Object.prototype).not.toHaveProperty('limit');
		});
	});

	test('targets that are no paths lead nowhere', async () => {
		await world.unharmed(async () => {
			for (const target of [
				'//api/me',
				'///etc/passwd',
				'http://evil.example/api/projects/../../etc/passwd',
				'*',
				'/api/../tables.db',
				'/../../etc/passwd',
				'/%2e%2e/%2e%2e/etc/passwd',
				'/api/projects/target/items/%00',
				'/git/../../etc/passwd',
				'/git/target.git/../../tables.db',
				'/git/..%2f..%2ftables.db',
				'/git/target.git/info/lfs/objects/../../../../tables.db',
				'/git/target.git/info/lfs/objects/..%2f..%2f..%2ftables.db',
				'/git/target.git/info/refs?service=git-upload-pack%00--exec=sh',
				'/git/target.git/info/refs?service=--exec=sh',
			]) {
				const heard = await world.raw(`GET ${target} HTTP/1.1\r\n${head}\r\n`);
				expect([target, heard]).toEqual([target, expect.not.stringMatching(/root:|SQLite format/)]);
				expect([target, heard.slice(9, 12)]).toEqual([
					target,
					expect.stringMatching(/^(4\d\d|503|200)$/),
				]);
			}
		});
	});
});

describe('bodies', () => {
	const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

	test('a body nested a million deep is refused and overflows nothing', async () => {
		await world.unharmed(async () => {
			await expectError(
				await json('POST', '/api/projects', `{"name":"x","schema":${nested(1_000_000)}}`),
				'bad_request',
				'body.schema',
			);
			await expectError(
				await json(
					'POST',
					'/api/projects',
					`{"name":"x","schema":{"shows":[{"field":"t","as":"text"}],"tools":${nested(60_000)}}}`,
				),
				'bad_request',
				'body.schema',
			);
		});
	});

	test('keys that JavaScript would take for a prototype are refused, and change no prototype', async () => {
		await world.unharmed(async () => {
			for (const body of [
				'{"name":"x","schema":{},"__proto__":{"isOwner":true}}',
				'{"name":"x","schema":{},"constructor":{"prototype":{"isOwner":true}}}',
				`{"name":"x","schema":${JSON.stringify(sentiment).replace('{', '{"__proto__":{"isOwner":true},')}}`,
			])
				await expectError(await json('POST', '/api/projects', body), 'bad_request', 'body');
			expect({}).not.toHaveProperty('isOwner');
		});
	});

	test('text that no disk keeps as it is, is refused where it stands', async () => {
		await world.unharmed(async () => {
			for (const text of ['"a\\u0000b"', '"\\ud800"', '"a\\udc00b"']) {
				await expectError(
					await json(
						'POST',
						'/api/projects',
						`{"name":${text},"schema":${JSON.stringify(sentiment)}}`,
					),
					'bad_request',
					'body.name',
				);
				await expectError(
					await json('PATCH', '/api/projects/target', `{"name":${text}}`),
					'bad_request',
					'body.name',
				);
				await expectError(
					await json('PUT', '/api/me', `{"name":${text}}`),
					'bad_request',
					'body.name',
				);
				await expectError(
					await json('POST', '/api/tokens', `{"name":${text}}`),
					'bad_request',
					'body.name',
				);
				await expectError(
					await json('POST', '/api/projects/target/snapshots', `{"message":${text}}`),
					'bad_request',
					'body.message',
				);
				await expectError(
					await json('POST', '/api/projects/target/batches/take', `{"besides":[${text}]}`),
					'bad_request',
					'body.besides[0]',
				);
			}
		});
	});

	test('a body that claims to be packed is no JSON, and is not unpacked', async () => {
		await world.unharmed(async () => {
			const reply = await world.send('POST', '/api/projects', {
				body: new Uint8Array([0x1f, 0x8b, 8, 0]),
				headers: { 'Content-Encoding': 'gzip' },
			});
			await expectError(reply, 'bad_json', 'JSON');
		});
	});

	test('a form of another site is refused, whatever it calls its body', async () => {
		const cookie = await cookieOf(world, 'owner');
		await world.unharmed(async () => {
			for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json'])
				for (const origin of ['https://evil.example', 'null', `${world.url}.evil.example`]) {
					const reply = await fetch(`${world.url}/api/projects`, {
						method: 'POST',
						headers: { cookie, origin, 'content-type': type },
						body: JSON.stringify({ name: 'Theirs', schema: sentiment }),
					});
					await expectError(reply, 'cross_site', origin);
				}
		});
	});
});

/** What somebody puts where a parameter, a field or an id is expected. */
const pokes: readonly string[] = [
	'',
	'\0',
	'..',
	'../../etc/passwd',
	'-1',
	'1e999',
	'9007199254740993',
	'NaN',
	'%',
	"' OR 1=1 --",
	'<script>alert(1)</script>',
	'__proto__',
	'constructor',
	'[object Object]',
	'\ud800',
	'🏴‍☠️'.repeat(50),
	'"',
	'a'.repeat(5000),
];

describe('every call', () => {
	test('answers what nobody expects with an error of the table or a result, never with a fault', async () => {
		const names = (path: string) => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
		const real: Record<string, string> = {
			project: 'target',
			batch: world.batch,
			item: 'one',
			user: 'owner',
		};
		const fill = (path: string, poked: string, by: string) =>
			path.replace(/:(\w+)/g, (_, name: string) =>
				name === poked ? encodeURIComponent(by.toWellFormed()) : (real[name] ?? '1'),
			);
		const check = async (what: string, reply: Response): Promise<void> => {
			const text = await reply.text();
			expect([what, reply.headers.get('content-type')]).toEqual([
				what,
				expect.not.stringMatching(/html/) as string,
			]);
			if (reply.status < 400) return;
			if (reply.status === 404 && text === '') return; // HEAD
			const { error } = JSON.parse(text) as ErrorBody;
			expect([what, error.code, error.message]).toEqual([
				what,
				expect.not.stringMatching(/^internal$/) as string,
				expect.stringMatching(/\S/) as string,
			]);
		};
		for (const { method, path, query, audience } of world.routes) {
			// These would do what they are asked to: the owner may.
			if (method === 'delete' || audience === 'runner' || audience === 'attempt') continue;
			const verb = method.toUpperCase();
			const isRead = method === 'get' || method === 'head';
			for (const name of names(path))
				for (const poke of pokes) {
					if (poke === '' || poke === '..') continue; // another address
					await check(
						`${verb} ${path} with ${name}=${poke.slice(0, 40)}`,
						await world.send(verb, fill(path, name, poke), isRead ? {} : { body: '{}' }),
					);
				}
			if (!isRead || !query) continue;
			const known = Object.keys((query as unknown as { shape: Record<string, unknown> }).shape);
			for (const name of known)
				for (const poke of pokes)
					await check(
						`${verb} ${path}?${name}=${poke.slice(0, 40)}`,
						await world.send(
							verb,
							`${fill(path, '', '')}?${name}=${encodeURIComponent(poke.toWellFormed())}`,
						),
					);
		}
	});

	test('takes no body of a wrong type', async () => {
		await world.unharmed(async () => {
			for (const { method, path, body, audience } of world.routes) {
				if (!body || audience === 'runner' || audience === 'attempt') continue;
				const address = path
					.replace(':project', 'target')
					.replace(':batch', world.batch)
					.replace(/:\w+/g, 'one');
				for (const wrong of ['null', '[]', '"text"', '7', '{"no":{"such":"field"}}'])
					await expectError(
						await json(method.toUpperCase(), address, wrong),
						world.routes.find((route) => route.body === body)!.refusal ?? 'bad_request',
						/^body/,
					);
			}
		});
	});
});

describe('who goes away in the middle', () => {
	test.each([
		['POST', '/api/projects', '{"name":"Ha'],
		['PUT', '/api/me', '{"name":"Ha'],
		['POST', '/api/projects/target/predictions', '{"item":"one","mod'],
		['POST', '/api/projects/target/import', '{"id":"two","data":{"te'],
		['POST', '/git/target.git/info/lfs/objects/batch', '{"operation":'],
		['PUT', `/git/target.git/info/lfs/objects/${'a'.repeat(64)}`, 'some bytes'],
		['POST', '/git/target.git/git-receive-pack', '0094'],
		['POST', '/git/target.git/git-upload-pack', '0094'],
	])('of %s %s leaves no fault behind', async (method, path, part) => {
		await world.unharmed(async () => {
			const socket = connect(world.address.port, '127.0.0.1');
			socket.write(
				`${method} ${path} HTTP/1.1\r\n${head}Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n`,
			);
			const [heard] = (await once(socket, 'data')) as [Buffer];
			expect(heard.toString()).toMatch(/^HTTP\/1\.1 100 /);
			socket.write(part);
			await world.client.json('GET', '/api/me');
			socket.destroy();
			// What the server does about it, it does before it has answered others a few times.
			for (let n = 0; n < 5; n += 1) await world.client.json('GET', '/api/me');
		});
	});
});

test('a token in an address is in no log', async () => {
	await world.send('GET', `/api/projects?token=${ownerToken}`);
	await world.send('GET', `/live?token=${ownerToken}`);
	await world.raw(`GET /git/target.git/info/refs?token=${ownerToken} HTTP/1.1\r\n${head}\r\n`);
	const log = world.log.join('');
	expect(log).toContain('/api/projects');
	expect(log).not.toContain(ownerToken);
});
