/** Names a person may give to a data set, a training or a model: one path segment that git takes as it is. */
const namePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9_-])?$/;

/** True for a name that may stand after `datasets/`, `train/` or `model/`. */
export function isRefName(name: string): boolean {
	return namePattern.test(name) && !name.includes('..') && !name.endsWith('.lock');
}

const projectPattern = /^[a-z0-9-]{1,63}$/;

/** True for what can be a project's id: also the name of its folder. */
export function isProjectId(id: string): boolean {
	return projectPattern.test(id);
}

/** The commit that means "there is none" in git's interfaces. */
export const noCommit = '0'.repeat(40);

const commitPattern = /^[0-9a-f]{40}$/;

export function isCommit(text: string): boolean {
	return commitPattern.test(text);
}

/** Text of a person as one line that cannot end a header or a command of git's. */
export function oneLine(text: string): string {
	// eslint-disable-next-line no-control-regex -- control characters are exactly what must go
	return text.replace(/[\u0000-\u001f\u007f<>]+/g, ' ').trim();
}
