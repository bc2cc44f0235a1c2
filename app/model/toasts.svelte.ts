/** One line about what just happened, shown for a while at the edge of the screen and read out politely. */
export interface Toast {
	readonly id: number;
	readonly tone: 'neutral' | 'good' | 'bad';
	readonly text: string;
	readonly hint?: string;
	readonly action?: { readonly label: string; run(): void };
}

/** The toasts of one app: created by the layout, handed down by context. */
export class Toasts {
	#lastId = 0;
	list = $state.raw<readonly Toast[]>([]);

	show(toast: Omit<Toast, 'id'>): void {
		const id = ++this.#lastId;
		this.list = [...this.list.slice(-3), { ...toast, id }];
		setTimeout(() => this.dismiss(id), toast.tone === 'bad' ? 12_000 : 6_000);
	}

	/** Shows what went wrong, in the words of the server where it has some. */
	showError(error: unknown): void {
		const { message, hint } = error as { message?: string; hint?: string };
		this.show({ tone: 'bad', text: message ?? 'Something went wrong.', ...(hint ? { hint } : {}) });
	}

	dismiss(id: number): void {
		this.list = this.list.filter((toast) => toast.id !== id);
	}
}
