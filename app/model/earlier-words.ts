import type { Change, Place } from '#shared/corpus/earlier.ts';
import type { Json } from '#shared/numbers/canonical-json.ts';
import { answerShape } from '#shared/schema/answer.ts';
import type { Schema } from '#shared/schema/schema.ts';
import { answerWords } from './item-words.ts';

/** What a person did, as a sentence goes on behind their name: `changed sentiment`, from this to that. */
export interface ChangeWords {
	readonly text: string;
	readonly before?: string;
	readonly after?: string;
}

/** So much of what somebody typed is shown in a line. */
const shownLength = 160;

export function changeWords({ place, before, after }: Change, schema?: Schema): ChangeWords {
	switch (place.kind) {
		case 'value': {
			const say = (value: Json | null): string | undefined => valueWords(place.tool, value, schema);
			return told(placeWords(place, schema), say(before), say(after), [
				'answered',
				'took back the answer to',
			]);
		}
		case 'region':
			return regionWords(place.region, before, after);
		case 'text':
			return told(placeWords(place, schema), shown(before), shown(after), [
				'wrote in',
				'shortened',
			]);
		case 'submission':
			return submissionWords(after, schema);
		case 'verdict': {
			const note = shown(member(after, 'note'));
			if (after === null) return { text: 'took a verdict back' };
			const verb = member(after, 'kind') === 'accepted' ? 'accepted' : 'returned';
			return { text: `${verb} the answer`, ...(note !== undefined && { after: note }) };
		}
		case 'note': {
			const said = shown(member(after, 'text'));
			if (said === undefined) return { text: 'took a note away' };
			return { text: before === null ? 'noted' : 'changed a note', after: said };
		}
	}
}

/** What something that is written about an item is called. */
export function placeWords(place: Place, schema?: Schema): string {
	switch (place.kind) {
		case 'value':
		case 'text': {
			const tool = schema?.tools.find(({ name }) => name === place.tool);
			return tool?.title ?? place.tool;
		}
		case 'region':
			return `Region ${place.region}`;
		case 'submission':
			return 'the submission';
		case 'verdict':
			return 'the verdict';
		case 'note':
			return 'a note';
	}
}

function told(
	what: string,
	before: string | undefined,
	after: string | undefined,
	[gave, took]: readonly [string, string],
): ChangeWords {
	const verb = before === undefined ? gave : after === undefined ? took : 'changed';
	return {
		text: `${verb} “${what}”`,
		...(before !== undefined && { before }),
		...(after !== undefined && { after }),
	};
}

function regionWords(id: string, before: Json | null, after: Json | null): ChangeWords {
	const name = `Region ${id}`;
	const [was, is] = [labelOf(before), labelOf(after)];
	if (before === null) return { text: `drew ${name}`, ...(is !== undefined && { after: is }) };
	if (after === null)
		return { text: `took ${name} away`, ...(was !== undefined && { before: was }) };
	if (was === is) return { text: `reshaped ${name}`, ...(is !== undefined && { after: is }) };
	return { text: `changed ${name}: label`, before: was ?? 'none', after: is ?? 'none' };
}

function submissionWords(after: Json | null, schema: Schema | undefined): ChangeWords {
	const answer = answerShape.safeParse(member(after, 'answer'));
	if (!answer.success) return { text: 'skipped it' };
	const words = answerWords(answer.data, schema).map(({ title }) => title);
	const regions = answer.data.regions.length;
	if (regions > 0) words.push(regions === 1 ? '1 region' : `${regions} regions`);
	return { text: 'submitted', ...(words.length > 0 && { after: words.join(', ') }) };
}

function valueWords(tool: string, value: Json | null, schema: Schema | undefined) {
	if (value === null) return undefined;
	const words = answerWords({ values: { [tool]: value }, regions: [], texts: {} }, schema);
	return words.length === 0 ? 'nothing' : words.map(({ title }) => title).join(', ');
}

function labelOf(region: Json | null): string | undefined {
	return shown(member(region, 'label'));
}

function member(value: Json | null, name: string): Json | null {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
	return (value as Readonly<Record<string, Json>>)[name] ?? null;
}

function shown(text: Json | null): string | undefined {
	if (typeof text !== 'string' || text === '') return undefined;
	return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}
