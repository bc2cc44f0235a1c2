import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/**
 * The process that git starts as `pre-receive` and `post-receive`: it hands everything to the server that
 * runs the push and prints what the server answers. Without an answer a push is refused.
 */
const { FLYWHEEL_HOOK_PORT, FLYWHEEL_HOOK_SECRET } = process.env;
const quarantine = Object.fromEntries(
	['GIT_QUARANTINE_PATH', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES'].flatMap(
		(name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]),
	),
);
const socket = connect({ port: Number(FLYWHEEL_HOOK_PORT), host: '127.0.0.1' });
socket.on('error', () => undefined);
const question = {
	secret: FLYWHEEL_HOOK_SECRET,
	hook: process.argv[2],
	updates: await text(process.stdin),
	quarantine,
};
socket.write(`${JSON.stringify(question)}\n`);
process.exitCode = 1;
let isAnswered = false;
for await (const line of createInterface({ input: socket })) {
	const answer = JSON.parse(line) as { line: string } | { exit: number };
	if ('line' in answer) process.stdout.write(`${answer.line}\n`);
	else {
		process.exitCode = answer.exit;
		isAnswered = true;
	}
}
if (!isAnswered) process.stdout.write('The server went away; push again in a moment.\n');
socket.destroy();
