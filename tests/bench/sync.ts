import type { Benchmark, Figure } from './benchmark.ts';
import { cases, measure, quickCases, type CaseResult } from './sync/cases.ts';
import { figuresOf } from './sync/figures.ts';
import { hocuspocus } from './sync/peers/hocuspocus.ts';
import { installPeers } from './sync/peers/install-peers.ts';
import { ours } from './sync/peers/ours.ts';
import { yWebsocket } from './sync/peers/y-websocket.ts';

const roundsOfAll = 3;
const measureMs = 6000;

/** Our server beside those that others use, under the same load. */
export const sync: Benchmark = {
	name: 'sync',
	method: `Our server as npm start runs it, hocuspocus with SQLite and y-websocket-server with LevelDB, each in its own process with a fresh database, one after the other in each of ${roundsOfAll} rounds; medians. The load is a process of its own with raw clients that speak the protocol and apply nothing; 10 of them write values of 45 bytes. Times are from writing to another client's receiving. CPU is user and system time of the server's processes. Our server acknowledges and sends on only what is fsynced; the others do not wait for a disk.`,
	async run({ isQuick, only }) {
		await installPeers();
		const chosen = (isQuick ? quickCases : cases).filter(({ name }) => name.includes(only ?? ''));
		const figures: Figure[] = [];
		for (const one of chosen) {
			const rounds = {
				ours: [] as CaseResult[],
				hocuspocus: [] as CaseResult[],
				yWebsocket: [] as CaseResult[],
			};
			for (let round = 0; round < (isQuick ? 1 : roundsOfAll); round++) {
				const ms = isQuick ? 2000 : measureMs;
				rounds.hocuspocus.push(await measure(hocuspocus, one, ms));
				rounds.ours.push(await measure(ours, one, ms));
				rounds.yWebsocket.push(await measure(yWebsocket, one, ms));
			}
			figures.push(...figuresOf(one, rounds));
		}
		return figures;
	},
};
