import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
	const timer = setInterval(update, 20_000);
	return () => clearInterval(timer);
});

/** The present time in milliseconds, read again every 20 seconds while somebody shows it. */
export const now = {
	get current(): number {
		subscribe();
		return Date.now();
	},
};
