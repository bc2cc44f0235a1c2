/**
 * The author of what the server lost and somebody else's browser brought back after a restore. Whose Yjs
 * client id it was went with it, and a field in what was written proves nothing: so its author is whoever
 * brought it, marked as such. No user id has a colon.
 *
 *     author := <user id> | "recovered:" <user id>
 */
const prefix = 'recovered:';

/** The author of what a user brought back that is not their own. */
export function recoveredThrough(user: string): string {
	return prefix + user;
}

/** Who brought back what this author wrote; undefined where the author is a person. */
export function bringerOf(author: string): string | undefined {
	return author.startsWith(prefix) ? author.slice(prefix.length) : undefined;
}

/** True for the author of something that was brought back. */
export function isRecovered(author: string): boolean {
	return bringerOf(author) !== undefined;
}
