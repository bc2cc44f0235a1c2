/** Hands bytes to the reader as a file, where their browser puts downloads. */
export function saveFile(content: Blob, fileName: string): void {
	const url = URL.createObjectURL(content);
	const link = document.createElement('a');
	link.href = url;
	link.download = fileName;
	link.click();
	URL.revokeObjectURL(url);
}
