import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { startTestServer, type Client } from '../integration/core/test-server.ts';
import { quantile, type Benchmark, type Figure } from './benchmark.ts';

const tries = 1000;
const warmUp = 50;
const order = ['hidden', 'missing'] as const;

/** A question about something that is there and hidden, and the same about something that is not. */
interface Pair {
	readonly what: string;
	ask(which: 'hidden' | 'missing'): Promise<void>;
}

/** Whether a blind labeler can tell by the time of an answer that something is there. */
export const blind: Benchmark = {
	name: 'blind',
	method: `A blind labeler asks ${tries.toLocaleString('en')} times each, in turns, for what is another's and for what does not exist, over HTTP, git and /sync (until the socket is closed with 4404), with server and client in one process. The figure is how far the medians lie apart.`,
	async run() {
		const server = await startTestServer();
		try {
			const figures: Figure[] = [];
			for (const pair of await makePairs(server)) {
				for (let n = 0; n < warmUp; n++) for (const which of order) await pair.ask(which);
				const times = { hidden: [] as number[], missing: [] as number[] };
				for (let n = 0; n < tries; n++)
					for (const which of n % 2 === 0 ? order : [...order].reverse()) {
						const began = performance.now();
						await pair.ask(which);
						times[which].push(performance.now() - began);
					}
				const [hidden, missing] = [quantile(times.hidden, 0.5), quantile(times.missing, 0.5)];
				figures.push(
					{
						what: `${pair.what}: medians apart`,
						value: (Math.max(hidden, missing) / Math.min(hidden, missing) - 1) * 100,
						unit: '%',
						bar: { at: 'most', value: 10 },
					},
					{ what: `${pair.what}: median of what is hidden`, value: hidden, unit: 'ms' },
				);
			}
			return figures;
		} finally {
			await server.remove();
		}
	},
};

async function makePairs(server: Awaited<ReturnType<typeof startTestServer>>): Promise<Pair[]> {
	const owner = server.ownerClient;
	const items = ['i1', 'i2', 'i3', 'i4'].map((id) => ({ id, data: { text: id } }));
	const project = await server.makeProject('Blind', items);
	const foreign = await server.makeProject('Other');
	const bytes = 'bytes of another item';
	const blob = createHash('sha256').update(bytes).digest('hex');
	await owner.send('PUT', `/api/projects/${project}/blobs/${blob}`, bytes);
	const ada = await server.person('Ada', { project, role: 'labeler' });
	const ben = await server.person('Ben', { project, role: 'labeler' });
	const [, other] = (await server.makeBatches(project, {
		...{ items: ['i1', 'i2', 'i3'], members: [ada.user, ben.user] },
		...{ overlap: 2, blind: true },
	})) as [string, string];
	const nowhere = other.replace(/^./, (first) => (first === '0' ? '1' : '0'));
	const none = blob.replace(/^./, (first) => (first === '0' ? '1' : '0'));
	const http = (what: string, method: string, path: (name: string) => string, names: Names) =>
		overHttp(server.url, ada, { what, method, path, names });
	const sync = (what: string, path: (name: string) => string, names: Names): Pair => ({
		what,
		async ask(which) {
			const address = `${server.url.replace('http', 'ws')}/sync/${path(names[which])}?token=${ada.token}`;
			const socket = new WebSocket(address);
			const [code] = (await once(socket, 'close')) as [number];
			if (code !== 4404) throw new Error(`${what}: closed with ${code}`);
		},
	});
	const batch = { hidden: other, missing: nowhere };
	const projects = { hidden: foreign, missing: `${foreign}x` };
	return [
		http('packet of a batch', 'GET', (name) => `/api/batches/${name}/items`, batch),
		http('closing a batch', 'POST', (name) => `/api/batches/${name}/close`, batch),
		http('item', 'GET', (name) => `/api/projects/${project}/items/${name}`, {
			...{ hidden: 'i4', missing: 'i5' },
		}),
		http('blob', 'GET', (name) => `/api/projects/${project}/blobs/${name}`, {
			...{ hidden: blob, missing: none },
		}),
		http('project', 'GET', (name) => `/api/projects/${name}`, projects),
		http(
			'repository',
			'GET',
			(name) => `/git/${name}.git/info/refs?service=git-upload-pack`,
			projects,
		),
		sync('/sync of a batch', (name) => `${project}/${name}/answers`, batch),
		sync('/sync of a project', (name) => `${name}/${other}/answers`, projects),
	];
}

interface Names {
	readonly hidden: string;
	readonly missing: string;
}

function overHttp(
	url: string,
	{ token }: Client,
	{
		what,
		method,
		path,
		names,
	}: { what: string; method: string; path: (name: string) => string; names: Names },
): Pair {
	const scheme = what === 'repository' ? `Basic ${btoa(`x:${token}`)}` : `Bearer ${token}`;
	return {
		what,
		async ask(which) {
			const reply = await fetch(url + path(names[which]), {
				method,
				headers: { Authorization: scheme },
			});
			await reply.text();
			if (reply.status !== 404) throw new Error(`${what}: ${reply.status}`);
		},
	};
}
