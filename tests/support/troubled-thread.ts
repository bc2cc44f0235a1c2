import { serveCalls } from '#sync-server/threads/serve-calls.ts';

/** A thread that does what a thread must not. */
const troubled = {
	answer: (value: string): string => value,
	fail(): void {
		throw new Error('it is wrong');
	},
	/** Takes memory until it is ended. */
	fill(): number {
		const held: number[][] = [];
		for (;;) held.push(Array.from({ length: 100_000 }, (_, index) => index + held.length));
	},
	/** Never answers. */
	hang(): void {
		for (;;);
	},
};
export type TroubledMethods = typeof troubled;

serveCalls(troubled);
