import { startSyncServer } from './sync-server.ts';

/** A sync server as a process of its own, whose memory nobody else's work is in. Prints its address. */
const { url } = await startSyncServer();
process.stdout.write(`${url}\n`);
