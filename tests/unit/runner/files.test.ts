import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lfsPointer } from '#shared/snapshot/layout.ts';
import { setupHash } from '#runner/command/setup-cache.ts';
import { findKeptFiles } from '#runner/files/kept-files.ts';
import { forgetOldest, touch } from '#runner/files/forget-oldest.ts';
import { linePieces } from '#runner/files/line-pieces.ts';
import { removeFolder } from '#runner/files/remove-folder.ts';
import { tidyWork } from '#runner/files/tidy-work.ts';
import { findPointers } from '#runner/git/pointers.ts';

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'flywheel-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
	for (const [path, text] of Object.entries(files)) {
		await mkdir(join(folder, path, '..'), { recursive: true });
		await writeFile(join(folder, path), text);
	}
}

test('kept files are found below folders, with their kind, and links are left out', async () => {
	await write({ 'model/a.bin': 'aa', 'model/deep/run.sh': 'b', 'one.txt': '', 'other.txt': 'x' });
	await chmod(join(folder, 'model/deep/run.sh'), 0o755);
	await symlink('/etc/passwd', join(folder, 'model/link'));
	const kept = await findKeptFiles(folder, ['model/', 'one.txt', 'model/a.bin']);
	expect(kept.map(({ path, sizeBytes, mode }) => ({ path, sizeBytes, mode }))).toEqual([
		{ path: 'model/a.bin', sizeBytes: 2, mode: '100644' },
		{ path: 'model/deep/run.sh', sizeBytes: 1, mode: '100755' },
		{ path: 'one.txt', sizeBytes: 0, mode: '100644' },
	]);
	await expect(findKeptFiles(folder, ['gone/'])).rejects.toThrow('keeps gone/');
});

test('a file comes in pieces of whole lines', async () => {
	await write({ lines: `aaaa\nbb\n${'c'.repeat(50)}\n\ndddd\n1234567\n12345678\nee` });
	const leftOut: string[] = [];
	const pieces: string[] = [];
	const note = (line: number, why: string) => leftOut.push(`${line} ${why}`);
	for await (const piece of linePieces(join(folder, 'lines'), 8, note))
		pieces.push(Buffer.from(piece).toString());
	expect(pieces).toEqual(['aaaa\nbb\n', 'dddd\n', '1234567\n', 'ee\n']);
	expect(leftOut).toEqual(['3 longer than 8 bytes', '7 longer than 8 bytes']);
	await writeFile(join(folder, 'lines'), Buffer.from([0x61, 0x0a, 0xff, 0xfe, 0x0a, 0x62]));
	const texts: string[] = [];
	for await (const piece of linePieces(join(folder, 'lines'), 8, note))
		texts.push(Buffer.from(piece).toString());
	expect([texts, leftOut.at(-1)]).toEqual([['a\nb\n'], '2 not UTF-8']);
});

test('pointers are told from other small files', async () => {
	const sha256 = 'a'.repeat(64);
	await write({ 'media/a.png': lfsPointer(sha256, 12), 'media/b.txt': 'version 1', 'c.txt': '' });
	expect(await findPointers(folder)).toEqual([
		{ sha256, sizeBytes: 12, path: join(folder, 'media/a.png') },
	]);
});

test('a setup is another one when its command or a file it names changes, and only then', async () => {
	await write({ 'req.txt': 'a', 'train.py': 'x' });
	const hash = (command: string) => setupHash(folder, command);
	const first = await hash('pip install -r req.txt');
	await write({ 'train.py': 'y' });
	expect(await hash('pip install -r req.txt')).toBe(first);
	expect(await hash('pip install  -r req.txt')).not.toBe(first);
	await write({ 'req.txt': 'b' });
	expect(await hash('pip install -r req.txt')).not.toBe(first);
	expect(await hash('cat ../../etc/passwd /etc/passwd')).toMatch(/^[0-9a-f]{64}$/);
});

test('a cache keeps what was used last', async () => {
	const names = ['a', 'b', 'c'].map((letter) => letter.repeat(40));
	for (const [index, name] of names.entries()) {
		await mkdir(join(folder, name));
		await utimes(join(folder, name), index, index);
	}
	await mkdir(join(folder, 'fresh-1'));
	await touch(join(folder, names[0]!));
	await forgetOldest(folder, 2);
	expect((await readdir(folder)).sort()).toEqual([names[0], names[2], 'fresh-1']);
});

test('a work folder is rid of what was half made, and of checkpoints nobody came back to', async () => {
	await write({
		'data/fresh-1/dataset.json': '{}',
		[`data/${'a'.repeat(40)}/dataset.json`]: '{}',
		'setups/fresh-2/tree/x': 'x',
		'checkpoints/1-7/step': '1',
		'checkpoints/1-8/step': '1',
	});
	const days = (count: number) => Date.now() / 1000 - count * 86_400;
	for (const path of ['checkpoints/1-7/step', 'checkpoints/1-7', 'checkpoints/1-8'])
		await utimes(join(folder, path), days(31), days(31));
	await tidyWork(folder, Date.now());
	expect(await readdir(join(folder, 'data'))).toEqual(['a'.repeat(40)]);
	expect(await readdir(join(folder, 'setups'))).toEqual([]);
	expect(await readdir(join(folder, 'checkpoints'))).toEqual(['1-8']);
	await tidyWork(join(folder, 'not-there-yet'), Date.now());
});

test('a folder goes away with what was made read-only in it, and twice is fine', async () => {
	await write({ 'gone/deep/file': 'x' });
	await chmod(join(folder, 'gone/deep/file'), 0o400);
	await chmod(join(folder, 'gone/deep'), 0o500);
	await removeFolder(join(folder, 'gone'));
	await removeFolder(join(folder, 'gone'));
	expect(await readdir(folder)).toEqual([]);
});
