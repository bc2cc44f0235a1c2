import { isOutOfRoom } from '#app/documents/device/out-of-room.ts';
import type { OpeningState } from '#app/replica/replica-opening.svelte.ts';

export interface StorageWords {
	/** What is wrong, in a sentence. */
	readonly title: string;
	readonly text: string;
	/** What to do. */
	readonly wayOut: string;
}

const first = 'Every answer is written to this device before anything else';

const refused: StorageWords = {
	title: 'This browser keeps nothing for this page.',
	text: `${first}, and this browser does not allow it. Some private windows are like that, and browsers that block storage for a site.`,
	wayOut: 'Open this address in a normal window, or allow cookies and site data for this site.',
};

const noRoom: StorageWords = {
	title: 'This device has no room left.',
	text: `${first}, and there is no room for it.`,
	wayOut: 'Free some space on it.',
};

const silent: StorageWords = {
	title: 'This browser’s storage does not answer.',
	text: `${first}, and the browser has not opened its storage for this page.`,
	wayOut:
		'Close other windows of this site, or quit the browser and start it again. In a private window, use a normal one.',
};

/** Why this page cannot begin, and what to do; undefined while nothing is wrong. */
export function storageWords(state: OpeningState): StorageWords | undefined {
	switch (state.kind) {
		case 'opening':
		case 'open':
			return undefined;
		case 'silent':
			return silent;
		case 'failed':
			return isOutOfRoom(state.error) ? noRoom : refused;
	}
}
