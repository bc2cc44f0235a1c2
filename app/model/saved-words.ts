/** How all documents on this device stand, as the data layer counts them. */
export interface SavedTotals {
	readonly saving: number;
	/** Documents whose newest change is on this device and not yet acknowledged by the server. */
	readonly onDevice: number;
	readonly onServer: boolean;
	readonly notSaved: number;
	readonly blocked: number;
	/** Times the server did not accept something; it is kept here with an export. */
	readonly refused: number;
	/** How many changes wait for the server, over all documents. */
	readonly changesOnDevice: number;
}

export type SavedKind = 'not-saved' | 'saving' | 'blocked' | 'device' | 'server';

/** The worst state of any document is the state of the whole: the badge never promises more than the least safe one. */
export function savedKind(totals: SavedTotals): SavedKind {
	if (totals.notSaved > 0) return 'not-saved';
	if (totals.saving > 0) return 'saving';
	if (totals.blocked > 0 || totals.refused > 0) return 'blocked';
	return totals.onDevice > 0 || !totals.onServer ? 'device' : 'server';
}

export const savedWords: Readonly<Record<SavedKind, { title: string; text: string }>> = {
	'not-saved': {
		title: 'Not saved',
		text: 'This browser could not write to its storage. Keep this page open and free some space; it tries again by itself.',
	},
	saving: { title: 'Saving', text: 'Being written to this device.' },
	blocked: {
		title: 'Needs you',
		text: 'Some work is safe on this device, but the server does not take it at present.',
	},
	device: {
		title: 'On this device',
		text: 'Everything is safe on this device. It goes to the server as soon as it can be reached.',
	},
	server: { title: 'On the server', text: 'Everything you did is on the server’s disk.' },
};
