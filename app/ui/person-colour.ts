/** Which of the eight colours is a person's: always the same one, on every device. */
export function personColourNumber(user: string): number {
	const sum = [...user].reduce((all, letter) => (all * 31 + letter.codePointAt(0)!) >>> 0, 7);
	return (sum % 8) + 1;
}

export function personColour(user: string): string {
	return `var(--c${personColourNumber(user)})`;
}
