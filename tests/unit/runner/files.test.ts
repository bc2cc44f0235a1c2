import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lfsPointer } from '#shared/snapshot/layout.ts';
import { setupHash } from '#runner/command/setup-cache.ts';
import { findKeptFiles } from '#runner/files/kept-files.ts';
import { linePieces } from '#runner/files/line-pieces.ts';
import { removeFolder } from '#runner/files/remove-folder.ts';
import { findPointers, parsePointer } from '#runner/git/pointers.ts';

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
	expect(
		parsePointer('version https://git-lfs.github.com/spec/v1\noid sha256:xyz\n'),
	).toBeUndefined();
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

test('a folder goes away with what was made read-only in it, and twice is fine', async () => {
	await write({ 'gone/deep/file': 'x' });
	await chmod(join(folder, 'gone/deep/file'), 0o400);
	await chmod(join(folder, 'gone/deep'), 0o500);
	await removeFolder(join(folder, 'gone'));
	await removeFolder(join(folder, 'gone'));
	expect(await readdir(folder)).toEqual([]);
});
