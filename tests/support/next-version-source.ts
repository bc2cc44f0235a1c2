/** The lines that the next version has otherwise, by the end of their file's path. */
const lines: Readonly<Record<string, readonly (readonly [today: string, next: string])[]>> = {
	'/shared/wire/document-version.ts': [
		['export const documentVersion = 1;', 'export const documentVersion = 2;'],
		['leastWriters: LeastWriters = [0, 0];', 'leastWriters: LeastWriters = [0, 0, 2];'],
	],
	'/sync-server/main.ts': [["'../build/app'", "'APP'"]],
};

/** Whether the next version has this file otherwise. */
export function nextVersionOf(path: string): boolean {
	return Object.keys(lines).some((end) => path.endsWith(end));
}

/** The source of a file in the next version, whose built app lies at `app`. Throws where a line is not there any more. */
export function asNextVersion(path: string, source: string, app: string): string {
	const [, changes = []] = Object.entries(lines).find(([end]) => path.endsWith(end)) ?? [];
	return changes.reduce((text, [today, next]) => {
		if (!text.includes(today)) throw new Error(`${path} has no ${today}`);
		return text.replace(today, next.replace('APP', app));
	}, source);
}
