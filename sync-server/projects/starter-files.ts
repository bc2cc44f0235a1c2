import { readFileSync } from 'node:fs';
import type { FirstFile } from '../git/repositories.ts';

const starter = new URL('../samples/starter/repository/', import.meta.url);

/** What a new project's repository begins with: how to train, and a baseline that runs as it is. */
export function starterFiles(project: {
	readonly id: string;
	readonly name: string;
	readonly url: string;
}): FirstFile[] {
	return [
		{ path: 'README.md', bytes: readme(project) },
		...['flywheel.yml', 'train.mjs'].map((path) => ({
			path,
			bytes: readFileSync(new URL(path, starter)),
		})),
	];
}

function readme({ id, name, url }: Parameters<typeof starterFiles>[0]): string {
	return `# ${name}

Code that trains models for the project [${name}](${url}/projects/${id}).

    git clone ${url}/git/${id}.git
    git checkout -b train/first
    git push origin train/first

A push of \`train/<name>\` runs what \`flywheel.yml\` says, on the newest snapshot of the labels, and commits
what it keeps to \`model/<name>\`. The labels lie in \`datasets/main\`, one line of JSON per item:

    git clone --branch datasets/main ${url}/git/${id}.git data
    FLYWHEEL_DATA_DIR=data node train.mjs

\`train.mjs\` is a baseline to replace: it always answers what was answered most often.
`;
}
