/**
 * Whether a key pressed anywhere on the page belongs to the page's own list: not while somebody types, holds
 * a modifier, has a dialog or a menu open, or has the focus on a control that answers to the key itself.
 */
export function isPageKey(event: KeyboardEvent): boolean {
	if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
	if (!(event.target instanceof Element)) return true;
	if (event.target.closest('[role=dialog], [role=menu], [role=listbox]')) return false;
	const typing =
		'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]';
	if (event.target.closest(typing)) return false;
	const answersItself = event.key === 'Enter' || event.key === ' ';
	return !(answersItself && event.target.closest('a[href], button, summary') !== null);
}
