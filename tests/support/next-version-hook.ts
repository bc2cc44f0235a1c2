import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { asNextVersion, nextVersionOf } from './next-version-source.ts';

/** Preloaded into a server's process: it then runs as the next version (next-version.ts). */
const app = process.env['NEXT_VERSION_APP'];
if (app === undefined) throw new Error('NEXT_VERSION_APP says where its app lies');

registerHooks({
	load(url, context, nextLoad) {
		const loaded = nextLoad(url, context);
		const path = url.startsWith('file:') ? fileURLToPath(url) : '';
		if (!nextVersionOf(path)) return loaded;
		const { source } = loaded;
		const text =
			typeof source === 'string' ? source : new TextDecoder().decode(source ?? undefined);
		return { ...loaded, source: asNextVersion(path, text, app) };
	},
});
