/** The address of a project's repository, under the public address of the server. */
export function gitUrl(serverUrl: string, project: string): string {
	return `${serverUrl.replace(/\/$/, '')}/git/${project}.git`;
}

/** `4f2a91c`: a commit as people say it. */
export function shortCommit(commit: string): string {
	return commit.slice(0, 7);
}

/** What gets a frozen data set onto somebody's machine. */
export function cloneSnapshot(url: string, tag: string): string {
	return `git clone --branch ${tag} --single-branch ${url}`;
}

/** What starts the first training. */
export function firstTraining(url: string, project: string): readonly string[] {
	return [
		`git clone ${url}`,
		`cd ${project} && git checkout -b train/first`,
		'git push origin train/first',
	];
}

/** What puts a model's code and parameters into a clone. */
export function checkOutModel(branch: string): readonly string[] {
	return [`git fetch && git checkout ${branch}`, 'git lfs pull'];
}
