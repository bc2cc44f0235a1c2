import type { Accounts } from '../accounts/accounts.ts';
import type { EndedCredentials } from '../accounts/ended-credentials.ts';
import type { Documents } from '../documents/documents.ts';
import type { Histories } from '../documents/history/read-history.ts';
import type { Repositories } from '../git/repositories.ts';
import type { Recovery } from '../projection/recovery.ts';
import type { CreateProject } from '../projects/create-project.ts';
import { catchUpRoutes } from './catch-up-routes.ts';
import { changeRoutes } from './change-routes.ts';
import type { DataDoors } from './data-doors.ts';
import { dataRoutes } from './data-routes.ts';
import { earlierRoutes } from './earlier-routes.ts';
import type { FeedCursors } from './feed-cursor.ts';
import { inviteRoutes } from './invite-routes.ts';
import { memberRoutes } from './member-routes.ts';
import { projectRoutes } from './project-routes.ts';
import { recoveryRoutes } from './recovery-routes.ts';
import type { Route } from './route.ts';
import type { RunDoors } from './run-doors.ts';
import { sessionRoutes } from './session-routes.ts';
import { snapshotRoutes } from './snapshot-routes.ts';
import { tokenRoutes } from './token-routes.ts';
import { trainingRoutes } from './training-routes.ts';

/** What the routes of the API are given. */
export interface ApiDoors extends Omit<DataDoors, 'rightsChanged'> {
	readonly accounts: Accounts;
	readonly ended: EndedCredentials;
	readonly documents: Documents;
	readonly histories: Histories;
	readonly repositories: Repositories;
	readonly runs: Omit<RunDoors, 'guard'>;
	readonly recovery: Recovery;
	readonly createProject: CreateProject;
	/** Who runs the installation. */
	readonly owner: string;
	readonly epoch: string;
	/** Seals cursors, so that nobody reads or makes one. */
	readonly secret: string;
	readonly cursors: FeedCursors;
	readonly url: string;
	/** How long what happened to an item can be looked at. */
	readonly historyDays: number;
	/** Where a request came from. */
	readonly addressOf: (request: Request) => string;
}

/** Every route of the API. */
export function apiRoutes(doors: ApiDoors): readonly Route[] {
	const { documents, repositories, historyDays } = doors;
	const onRightsChanged: Documents['rightsChanged'] = (change) => documents.rightsChanged(change);
	return [
		...sessionRoutes(doors),
		...recoveryRoutes(doors),
		...tokenRoutes(doors),
		...projectRoutes({
			...doors,
			async removeProject(project) {
				await documents.remove(project);
				await repositories.remove(project);
			},
		}),
		...memberRoutes({ ...doors, onRightsChanged }),
		...inviteRoutes({ ...doors, onRightsChanged }),
		...changeRoutes(doors),
		...catchUpRoutes(doors),
		...dataRoutes({ ...doors, rightsChanged: onRightsChanged }),
		...earlierRoutes({ ...doors, keptDays: historyDays }),
		...snapshotRoutes(doors),
		...trainingRoutes({ ...doors.runs, guard: doors.guard }),
	];
}
