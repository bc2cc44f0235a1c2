import type { Contender } from './contender.ts';
import { startPeer } from './peer-process.ts';

/** The program that the package starts, with its LevelDB persistence. */
export const yWebsocket: Contender = {
	name: 'y-websocket',
	start: (documents) =>
		startPeer({
			dialect: 'y-websocket',
			program: 'node_modules/@y/websocket-server/src/server.js',
			environment: (port, folder) => ({
				HOST: '127.0.0.1',
				PORT: String(port),
				YPERSISTENCE: `${folder}/leveldb`,
			}),
			documents,
		}),
};
