import { createSubscriber } from 'svelte/reactivity';

/**
 * A newer version of the app that waits in the service worker. Nothing is taken over behind somebody's
 * back: the page says that it is ready and `apply` loads it.
 */
export class AppUpdate {
	readonly #container: ServiceWorkerContainer | undefined;
	#waiting: ServiceWorker | undefined;
	#announce = () => {};
	readonly #subscribe = createSubscriber((update) => {
		this.#announce = update;
		return () => {
			this.#announce = () => {};
		};
	});

	/** Watches the registration of this page; without service workers (plain http) nothing is ever ready. */
	constructor(container: ServiceWorkerContainer | undefined = navigator.serviceWorker) {
		this.#container = container;
		void container?.ready.then((registration) => this.#watch(registration));
	}

	get isReady(): boolean {
		this.#subscribe();
		return this.#waiting !== undefined;
	}

	/** Looks for a newer version now; a browser without a network simply finds none. */
	async check(): Promise<void> {
		const registration = await this.#container?.getRegistration();
		await registration?.update().catch(() => undefined); // offline: the next look will find it
	}

	/** Lets the new version take over and loads the page again with it. */
	apply(): void {
		if (!this.#container || !this.#waiting) return;
		this.#container.addEventListener('controllerchange', () => location.reload(), { once: true });
		this.#waiting.postMessage({ kind: 'take-over' });
	}

	#watch(registration: ServiceWorkerRegistration): void {
		this.#found(registration.waiting);
		registration.addEventListener('updatefound', () => {
			const worker = registration.installing;
			worker?.addEventListener('statechange', () => {
				if (worker.state === 'installed') this.#found(registration.waiting);
			});
		});
	}

	#found(worker: ServiceWorker | null): void {
		// Without a controller this is the first install, not an update.
		if (!worker || !this.#container?.controller) return;
		this.#waiting = worker;
		this.#announce();
	}
}
