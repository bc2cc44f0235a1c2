/** What can be asked of a table by who binds it. */
export interface VirtualTableHandle {
	/** Brings a row into view, and no further. A focus that was on a row goes along. */
	reveal(index: number): void;
	/** Puts a row at the top. */
	showFrom(index: number): Promise<void>;
	/** Rows that a page up or down goes. */
	pageRows(): number;
	toTop(): void;
}
