import { limits } from './limits.ts';

/**
 * True for a JSON value of bounded depth and size. An undefined member is let through, as JSON.stringify
 * does; binary data, big integers and NaN are not, nor an object whose prototype was set by a key
 * `__proto__`.
 */
export function isPlainJson(value: unknown): boolean {
	let nodes = 0;
	const visit = (one: unknown, depth: number): boolean => {
		if (++nodes > limits.valueNodes || depth > limits.valueDepth) return false;
		switch (typeof one) {
			case 'string':
			case 'boolean':
				return true;
			case 'number':
				return Number.isFinite(one);
			case 'undefined':
				return depth > 0;
			case 'object':
				if (one === null) return true;
				if (Array.isArray(one)) return one.every((member) => visit(member, depth + 1));
				if (Object.getPrototypeOf(one) !== Object.prototype) return false;
				return Object.values(one).every((member) => visit(member, depth + 1));
			default:
				return false;
		}
	};
	return visit(value, 0);
}
