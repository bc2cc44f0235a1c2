import { may, type Right, type Role } from '#shared/access/access.ts';
import { CommandError } from '#shared/api/errors.ts';
import type { Caller } from './caller.ts';
import type { Tables } from '../tables/tables.ts';

/** How a person stands in a project. */
export interface Standing {
	readonly user: string;
	readonly project: string;
	readonly role: Role;
	readonly hasCode: boolean;
}

/**
 * Answers "may they?" for every door alike. Missing and forbidden look the same (`not_found`); `forbidden`
 * is said only about a project that the person may read.
 */
export class Guard {
	readonly #tables: Tables;

	constructor(tables: Tables) {
		this.#tables = tables;
	}

	/** The person's standing in a project in which they have the right. Throws `not_found` or `forbidden`. */
	async project(caller: Caller, project: string, right: Right): Promise<Standing> {
		if (caller.kind !== 'person') throw missing(project);
		const member = await this.#tables.members.find(project, caller.user);
		if (!member) throw missing(project);
		if (may(member.role, right, member.hasCode)) return member;
		// What one may not even read does not exist; what one may only not do is forbidden.
		if (right === 'read-project' || right === 'read-corpus' || right === 'code')
			throw missing(project);
		throw new CommandError(
			'forbidden',
			`A ${member.role} of ${project} may not do this (${right}).`,
		);
	}
}

function missing(what: string): CommandError {
	return new CommandError('not_found', `There is no ${what} here, or it is not yours to see.`);
}
