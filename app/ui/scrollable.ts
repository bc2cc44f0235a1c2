/**
 * What may be wider or higher than its place: while it is, the keyboard reaches it and its name is heard; otherwise it
 * is no stop at all. For `{@attach scrollable('Members')}`.
 */
export function scrollable(label: string): (element: HTMLElement) => () => void {
	return (element) => {
		const look = (): void => {
			const isOver =
				element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight;
			if (isOver === element.hasAttribute('tabindex')) return;
			if (isOver) {
				element.tabIndex = 0;
				element.role = 'group';
				element.ariaLabel = label;
			} else for (const name of ['tabindex', 'role', 'aria-label']) element.removeAttribute(name);
		};
		const observer = new ResizeObserver(look);
		observer.observe(element);
		for (const child of element.children) observer.observe(child);
		return () => observer.disconnect();
	};
}
