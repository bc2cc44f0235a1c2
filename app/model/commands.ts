/** Something the palette can go to or do. */
export interface PaletteEntry {
	readonly id: string;
	readonly group: string;
	readonly title: string;
	/** Words it is found by, beside its title. */
	readonly words?: string;
	readonly hint?: string;
	run(): void;
}
