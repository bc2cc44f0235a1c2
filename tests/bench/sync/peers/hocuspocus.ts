import type { Contender } from './contender.ts';
import { hocuspocusProgram } from './hocuspocus-program.ts';
import { startPeer } from './peer-process.ts';

/** As its documentation starts it, with the SQLite extension. */
export const hocuspocus: Contender = {
	name: 'hocuspocus',
	start: (documents) =>
		startPeer({
			dialect: 'hocuspocus',
			program: hocuspocusProgram.file,
			environment: (port, folder) => ({ PORT: String(port), DATABASE: `${folder}/documents.db` }),
			documents,
		}),
};
