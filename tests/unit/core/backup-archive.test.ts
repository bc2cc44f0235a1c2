import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
	backupVersion,
	BackupWriter,
	manifestName,
	unpackBackup,
} from '#sync-server/operator/backup-archive.ts';

test('what git moves to another file while the folder is copied is found there', async () => {
	const home = mkdtempSync(join(tmpdir(), 'flywheel-archive-'));
	onTestFinished(() => rmSync(home, { recursive: true }));
	const packs = join(home, 'from/objects/pack');
	mkdirSync(packs, { recursive: true });
	mkdirSync(join(home, 'from/objects/gone'));
	for (const name of ['a', 'b', 'c']) writeFileSync(join(packs, name), name);
	writeFileSync(join(home, 'from/objects/gone/of-a-push'), 'x');

	const archive = new BackupWriter(join(home, 'backup.tar'));
	await archive.addText(manifestName, JSON.stringify({ version: backupVersion }));
	await archive.addFolder('repositories', join(home, 'from'), (path) => {
		// As a repack does: the new pack is there before the old ones go.
		if (path.endsWith('pack/b')) {
			writeFileSync(join(packs, 'new'), 'bc');
			for (const old of ['b', 'c']) rmSync(join(packs, old), { force: true });
		}
		if (path.endsWith('of-a-push')) rmSync(join(home, 'from/objects/gone'), { recursive: true });
		return true;
	});
	await archive.close();

	const into = join(home, 'into');
	mkdirSync(into);
	await unpackBackup(join(home, 'backup.tar'), into);
	const read = (name: string) =>
		readFileSync(join(into, 'repositories/objects/pack', name), 'utf8');
	expect([read('a'), read('new')]).toEqual(['a', 'bc']);
	expect(() => read('c')).toThrow('ENOENT');
});
