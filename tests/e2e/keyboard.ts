import { expect, type Locator, type Page } from '@playwright/test';

/**
 * What is wrong with where the focus is, for somebody who looks for it: `nowhere`, out of the window, under something
 * else, or without a line around it. Empty when it is seen.
 */
export function focusTrouble(page: Page): Promise<string> {
	return page.evaluate(() => {
		const element = document.activeElement;
		if (!(element instanceof HTMLElement) || element === document.body) return 'nowhere';
		const name = element.outerHTML.slice(0, 140);
		const { left, top, width, height } = element.getBoundingClientRect();
		// A wheel's link is no larger than what stands beside it.
		const shown = width > 0 && height > 0 ? element : (element.firstElementChild ?? element);
		const box = shown.getBoundingClientRect();
		const x = width > 0 ? left + width / 2 : box.left + box.width / 2;
		const y = height > 0 ? top + Math.min(height / 2, 12) : box.top + box.height / 2;
		const there = document.elementFromPoint(x, y);
		if (!there) return `out of the window: ${name}`;
		if (!element.contains(there) && !there.contains(element)) return `covered: ${name}`;
		const isOutlined = (one: Element | null): boolean =>
			one !== null && getComputedStyle(one).outlineStyle !== 'none';
		// A highlighted entry of a menu has its own ground; a field in a frame shares the frame's line.
		if (element.matches('[data-highlighted], [role=menu], [role=combobox], [role=dialog]'))
			return '';
		const places = [element, shown, element.parentElement];
		return places.some(isOutlined) ? '' : `not seen: ${name}`;
	});
}

/** Presses Tab until the focus is on it; fails when it comes round again, or cannot be seen on the way. */
export async function tabTo(page: Page, goal: Locator): Promise<void> {
	await goal.waitFor();
	for (let presses = 0; presses < 120; presses++) {
		if (await goal.evaluate((element) => element === document.activeElement)) return;
		await page.keyboard.press('Tab');
		const trouble = await focusTrouble(page);
		if (trouble !== 'nowhere') expect(trouble).toBe('');
	}
	await expect(goal).toBeFocused();
}

/** Walks through the page with Tab until it leads out; answers what was wrong on the way. */
export async function walk(page: Page): Promise<string[]> {
	const troubles: string[] = [];
	for (let presses = 0; presses < 150; presses++) {
		await page.keyboard.press('Tab');
		const trouble = await focusTrouble(page);
		if (trouble === 'nowhere')
			return presses > 0 ? troubles : [...troubles, 'nothing takes the focus'];
		if (trouble !== '') troubles.push(trouble);
	}
	return [...troubles, 'Tab does not lead out'];
}
