/** Serves as hocuspocus' documentation says. It persists two seconds after a change, ten at most. */
export const hocuspocusProgram = {
	file: 'hocuspocus.mjs',
	text: `import { SQLite } from '@hocuspocus/extension-sqlite';
import { Server } from '@hocuspocus/server';

const port = Number(process.env.PORT);
const server = new Server({
	port,
	address: '127.0.0.1',
	quiet: true,
	extensions: [new SQLite({ database: process.env.DATABASE })],
});
await server.listen();
console.log(\`listening on \${port}\`);
`,
};
