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

	/**
	 * Loads the page again with the newest version there is, also one that this browser has not fetched yet.
	 * Without one it is loaded as it is.
	 */
	async load(): Promise<void> {
		await this.check();
		const registration = await this.#container?.getRegistration();
		if (registration) {
			if (registration.installing) await whenInstalled(registration.installing);
			this.#found(registration.waiting);
		}
		if (this.#waiting) this.apply();
		else location.reload();
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

/** Resolves when a worker is installed, or will not be. */
async function whenInstalled(worker: ServiceWorker): Promise<void> {
	while (worker.state === 'installing')
		await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }));
}
