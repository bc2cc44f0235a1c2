/** What git and its like get of this machine: the programs. No prompts, no settings, and Ada commits. */
export function gitEnvironment(home: string): Record<string, string | undefined> {
	return {
		PATH: process.env['PATH'],
		HOME: home,
		GIT_TERMINAL_PROMPT: '0',
		GIT_CONFIG_NOSYSTEM: '1',
		GIT_AUTHOR_NAME: 'Ada',
		GIT_AUTHOR_EMAIL: 'ada@example.org',
		GIT_COMMITTER_NAME: 'Ada',
		GIT_COMMITTER_EMAIL: 'ada@example.org',
	};
}
