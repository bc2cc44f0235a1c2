import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the server counts, for Prometheus. */
export interface Metrics {
	readonly registry: Registry;
	request(method: string, status: number, seconds: number): void;
	/** A number read when Prometheus asks, by label where there are several. */
	gauge(
		name: string,
		help: string,
		read: () => number | Promise<number> | Promise<Readonly<Record<string, number>>>,
		label?: string,
	): void;
}

/** A registry of its own, so that several servers fit in one process. */
export function openMetrics(): Metrics {
	const registry = new Registry();
	collectDefaultMetrics({ register: registry });
	const requests = new Histogram({
		name: 'flywheel_http_request_seconds',
		help: 'Time to answer HTTP requests',
		labelNames: ['method', 'status'],
		buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
		registers: [registry],
	});
	return {
		registry,
		request: (method, status, seconds) =>
			requests.observe({ method, status: `${Math.floor(status / 100)}xx` }, seconds),
		gauge(name, help, read, label) {
			new Gauge({
				name,
				help,
				labelNames: label === undefined ? [] : [label],
				registers: [registry],
				async collect() {
					const value = await read();
					if (typeof value === 'number') return this.set(value);
					this.reset();
					for (const [key, n] of Object.entries(value)) this.set({ [label!]: key }, n);
				},
			});
		},
	};
}
