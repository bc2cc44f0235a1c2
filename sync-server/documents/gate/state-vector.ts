import * as Y from 'yjs';
import { limits } from './limits.ts';

/** Whether these bytes say what somebody has, and no more than anybody may say. */
export function isStateVector(bytes: Uint8Array): boolean {
	if (bytes.length > limits.stateVectorBytes) return false;
	try {
		Y.decodeStateVector(bytes);
		return true;
	} catch {
		return false; // whatever the decoder threw
	}
}
