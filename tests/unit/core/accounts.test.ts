import { expect, test } from 'vitest';
import { AttemptLimit } from '#sync-server/accounts/attempt-limit.ts';
import { tokenProtocol } from '#sync-server/accounts/identify.ts';
import { hashOf, newSecret } from '#sync-server/accounts/secret.ts';
import { slugOf } from '#sync-server/accounts/slug.ts';

test.each([
	['Reviews', 'reviews'],
	['  Ünïted  Nåmes! ', 'united-names'],
	['a/../b', 'a-b'],
	['--x--', 'x'],
	['x'.repeat(100), 'x'.repeat(63)],
])('the slug of %j is %j', (name, slug) => {
	expect(slugOf(name, 'p')).toBe(slug);
});

test('a name of which nothing is left gets a random slug', () => {
	expect(slugOf('标注', 'p')).toMatch(/^p-[0-9a-f]{10}$/);
	expect(slugOf('标注', 'p')).not.toBe(slugOf('标注', 'p'));
});

test('secrets are 256 random bits that can be told from other text', () => {
	expect(newSecret()).toMatch(/^fw_[\w-]{43}$/);
	expect(newSecret()).not.toBe(newSecret());
	expect(hashOf('a')).toBe('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
});

test('attempts run out per key, come back with time, and a success forgets them', () => {
	let now = 0;
	const limit = new AttemptLimit(3, () => now);
	for (let i = 0; i < 3; i++) {
		limit.admit('ada');
		limit.failed('ada');
	}
	expect(() => limit.admit('ada')).toThrow('Too many');
	expect(() => limit.admit('other', 'ada')).toThrow('Too many');
	limit.admit('other');
	now += 15 * 60_000;
	limit.admit('ada');
	limit.failed('ada');
	limit.failed('ada');
	limit.succeeded('ada');
	limit.failed('ada');
	limit.admit('ada');
});

test('a token comes in a subprotocol among others', () => {
	expect(tokenProtocol('y-websocket, flywheel-fw_abc')).toBe('flywheel-fw_abc');
	expect(tokenProtocol('yauth-x')).toBe('yauth-x');
	expect(tokenProtocol('y-websocket')).toBeUndefined();
	expect(tokenProtocol(undefined)).toBeUndefined();
});
