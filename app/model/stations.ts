import type { Component } from 'svelte';
import Activity from '@lucide/svelte/icons/activity';
import Box from '@lucide/svelte/icons/box';
import Database from '@lucide/svelte/icons/database';
import GitCommit from '@lucide/svelte/icons/git-commit-horizontal';
import MessageSquare from '@lucide/svelte/icons/message-square-text';
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import ScanEye from '@lucide/svelte/icons/scan-eye';
import Settings from '@lucide/svelte/icons/settings';
import Tag from '@lucide/svelte/icons/tag';
import Users from '@lucide/svelte/icons/users';
import type { Right } from '#shared/access/access.ts';

export interface Station {
	readonly path: string;
	readonly title: string;
	readonly icon: Component<{ size?: number; strokeWidth?: number }>;
	/** Who sees it. */
	readonly right: Right;
	/** Below the line, at the foot of the sidebar. */
	readonly isFoot?: boolean;
}

/** The pages of a project, in the order of the wheel. */
export const stations: readonly Station[] = [
	{ path: '', title: 'Wheel', icon: RefreshCw, right: 'read-project' },
	{ path: '/data', title: 'Data', icon: Database, right: 'read-corpus' },
	{ path: '/label', title: 'Label', icon: Tag, right: 'read-project' },
	{ path: '/review', title: 'Review', icon: MessageSquare, right: 'read-corpus' },
	{ path: '/snapshots', title: 'Snapshots', icon: GitCommit, right: 'read-corpus' },
	{ path: '/runs', title: 'Runs', icon: Activity, right: 'read-corpus' },
	{ path: '/models', title: 'Models', icon: Box, right: 'read-corpus' },
	{ path: '/predictions', title: 'Predictions', icon: ScanEye, right: 'read-corpus' },
	{ path: '/team', title: 'Team', icon: Users, right: 'read-project', isFoot: true },
	{ path: '/settings', title: 'Settings', icon: Settings, right: 'read-project', isFoot: true },
];
