import { redirect } from '@sveltejs/kit';

/** The address of the program leads to its projects. */
export function load(): never {
	redirect(307, '/projects');
}
