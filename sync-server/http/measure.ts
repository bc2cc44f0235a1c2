import type { DiskWatch } from '../disk-watch.ts';
import type { Documents } from '../documents/documents.ts';
import type { Live } from '../live/live.ts';
import type { Tables } from '../tables/tables.ts';
import type { Metrics } from './metrics.ts';

interface Measured {
	readonly tables: Tables;
	readonly documents: Documents;
	readonly live: Live;
	readonly disks: DiskWatch;
}

/** What Prometheus sees of the server's work; each number is read when it asks. */
export function measure(metrics: Metrics, { tables, documents, live, disks }: Measured): void {
	metrics.gauge('flywheel_live_connections', 'Open /live sockets', () => live.connections);
	metrics.gauge('flywheel_documents', 'Documents in memory', () => documents.stats().documents);
	metrics.gauge(
		'flywheel_sync_connections',
		'Open /sync sockets',
		() => documents.stats().connections,
	);
	metrics.gauge(
		'flywheel_updates_committed',
		'Updates of documents that are on disk, since the start',
		() => documents.stats().committed,
	);
	metrics.gauge(
		'flywheel_updates_refused',
		'Updates of documents that were refused, since the start',
		() => documents.stats().refused,
	);
	metrics.gauge(
		'flywheel_sync_received_bytes',
		'Bytes that came from clients and are not on disk yet',
		() => documents.stats().receivedBytes,
	);
	metrics.gauge(
		'flywheel_sync_paused_connections',
		'Open /sync sockets that are not read from until those bytes are fewer',
		() => documents.stats().pausedConnections,
	);
	metrics.gauge(
		'flywheel_sync_slow_readers_closed',
		'Open /sync sockets that were cut off because nothing was read there, since the start',
		() => documents.stats().closedSlowReaders,
	);
	metrics.gauge(
		'flywheel_disk_failing',
		'1 while the disk below a store takes nothing',
		() => Promise.resolve(disks.failing()),
		'store',
	);
	metrics.gauge('flywheel_runs', 'Runs by state', () => tables.runs.counts(), 'state');
	metrics.gauge('flywheel_changes', 'Number of the newest change', () => tables.changes.head());
}
