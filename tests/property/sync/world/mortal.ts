/** One life of a server. When it is over, nothing that it was waiting for comes any more. */
export class Life {
	isOver = false;
	/** Calls that wait for their answer. */
	waiting = 0;
}

/**
 * The same object for one life of a server: its asynchronous methods answer until the life is over, and never
 * afterwards, as a killed process hears nothing. `called` is told of every call with its arguments; those of
 * what a method answered (an opened document) with the method's own before them.
 */
export function mortal<T extends object>(
	target: T,
	life: Life,
	called: (method: string, input: readonly unknown[]) => void = () => undefined,
): T {
	return new Proxy(target, {
		get(_, name) {
			const member: unknown = Reflect.get(target, name, target);
			if (typeof member !== 'function') return member;
			return (...input: unknown[]): unknown => {
				if (life.isOver) return new Promise(() => undefined);
				called(String(name), input);
				const answer: unknown = Reflect.apply(member, target, input);
				return answer instanceof Promise
					? whileAlive(answer, life, (nested, more) => called(nested, [...input, ...more]))
					: answer;
			};
		},
	});
}

function whileAlive(
	answer: Promise<unknown>,
	life: Life,
	called: (method: string, input: readonly unknown[]) => void,
): Promise<unknown> {
	life.waiting++;
	return new Promise((resolve, reject) => {
		answer.then(
			(value) => {
				life.waiting--;
				if (life.isOver) return;
				resolve(hasMethods(value) ? mortal(value, life, called) : value);
			},
			(error: Error) => {
				life.waiting--;
				if (!life.isOver) reject(error);
			},
		);
	});
}

/** An opened document, say: what it can do ends with the life, too. */
function hasMethods(value: unknown): value is object {
	return (
		typeof value === 'object' &&
		value !== null &&
		Object.values(value).some((member) => typeof member === 'function')
	);
}
