import axe from 'axe-core';
import type { Page } from 'playwright';

/** WCAG 2.2, levels A and AA. */
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

interface Violation {
	readonly id: string;
	readonly impact: string;
	readonly nodes: readonly { readonly target: readonly string[]; readonly html: string }[];
}

/**
 * What keeps somebody out of the page as it stands: rule, place and markup of every serious or critical violation. `colours`
 * looks only at what another theme can change.
 */
export async function barriers(
	page: Page,
	asks: 'everything' | 'colours' = 'everything',
): Promise<string[]> {
	// Evaluated, not added as a script: the page's policy holds for the test, too.
	if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe.source);
	const runOnly =
		asks === 'everything'
			? { type: 'tag', values: standards }
			: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
	const violations = await page.evaluate<Violation[]>(
		`axe.run(document, { runOnly: ${JSON.stringify(runOnly)}, resultTypes: ['violations'] }).then(({ violations }) => violations)`,
	);
	return violations
		.filter(({ impact }) => impact === 'serious' || impact === 'critical')
		.flatMap(({ id, nodes }) =>
			nodes.map(({ target, html }) => `${id}: ${target.join(' ')} ${html.slice(0, 160)}`),
		);
}
