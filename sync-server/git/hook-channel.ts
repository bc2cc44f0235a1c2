import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const questionShape = z.object({
	secret: z.string(),
	hook: z.enum(['pre-receive', 'post-receive']),
	updates: z.string(),
	quarantine: z.partialRecord(
		z.enum(['GIT_QUARANTINE_PATH', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES']),
		z.string(),
	),
});

/** What a hook asks about the push that it runs for. */
export interface HookQuestion {
	readonly hook: 'pre-receive' | 'post-receive';
	readonly updates: string;
	readonly quarantine: Readonly<Record<string, string>>;
}

/** Answers a hook: prints lines in the terminal of the one who pushes; false refuses the push. */
type AnswerHook = (question: HookQuestion, print: (line: string) => void) => Promise<boolean>;

export interface HookChannel {
	/** The folder of hook scripts, for `core.hooksPath`. */
	readonly folder: string;
	/** Lets the hooks of one push talk to `answer`. Gives their environment; `close` when the push is over. */
	open(answer: AnswerHook): { readonly environment: Record<string, string>; close(): void };
	close(): Promise<void>;
}

/**
 * The line between git's hooks and this process: a socket on loopback that listens to nobody without the
 * secret of a push under way. The scripts are written anew at each start, so that they always run, whatever
 * became of file modes, with the Node and the sources that run the server.
 */
export async function openHookChannel(folder: string): Promise<HookChannel> {
	await writeScripts(folder);
	const pushes = new Map<string, AnswerHook>();
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => undefined);
		const lines = createInterface({ input: socket });
		lines.once('line', (line) => void converse(line, socket));
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;

	async function converse(line: string, socket: Socket): Promise<void> {
		const say = (answer: { line: string } | { exit: number }): void => {
			socket.write(`${JSON.stringify(answer)}\n`);
		};
		try {
			const { secret, ...question } = questionShape.parse(JSON.parse(line));
			const answer = pushes.get(secret);
			const isLetIn =
				answer !== undefined && (await answer(question, (text) => say({ line: text })));
			say({ exit: isLetIn ? 0 : 1 });
		} catch {
			// Not one of our hooks: it gets no answer.
		} finally {
			socket.end();
		}
	}

	return {
		folder,
		open(answer) {
			const secret = randomBytes(32).toString('hex');
			pushes.set(secret, answer);
			return {
				environment: { FLYWHEEL_HOOK_PORT: String(port), FLYWHEEL_HOOK_SECRET: secret },
				close: () => pushes.delete(secret),
			};
		},
		async close() {
			for (const socket of sockets) socket.destroy();
			const isClosed = once(server, 'close');
			server.close();
			await isClosed;
		},
	};
}

async function writeScripts(folder: string): Promise<void> {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const program = fileURLToPath(new URL('./hook.ts', import.meta.url));
	for (const hook of ['pre-receive', 'post-receive']) {
		const file = join(folder, hook);
		const words = [process.execPath, '--disable-warning=ExperimentalWarning', program, hook];
		await writeFile(file, `#!/bin/sh\nexec ${words.map(shellWord).join(' ')}\n`);
		await chmod(file, 0o700);
	}
}

function shellWord(word: string): string {
	return `'${word.replaceAll("'", `'\\''`)}'`;
}
