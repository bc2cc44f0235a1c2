import { batchRoutes } from './batch-routes.ts';
import { blobRoutes } from './blob-routes.ts';
import type { DataDoors } from './data-doors.ts';
import { exportRoutes } from './export-routes.ts';
import { importRoutes } from './import-routes.ts';
import { itemRoutes } from './item-routes.ts';
import { lateRoutes } from './late-routes.ts';
import { reviewRoutes } from './review-routes.ts';
import type { Route } from './route.ts';

/** All calls about data: from the import of an item to the export of its answer. */
export function dataRoutes(doors: DataDoors): Route[] {
	return [
		...batchRoutes(doors),
		...blobRoutes(doors),
		...exportRoutes(doors),
		...importRoutes(doors),
		...itemRoutes(doors),
		...lateRoutes(doors),
		...reviewRoutes(doors),
	];
}
