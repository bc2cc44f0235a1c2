/** What the first bytes of a file say it is. Text, scripts, SVG and everything unknown are octet-stream: never shown. */
const unknownType = 'application/octet-stream';

/** How many first bytes `mediaType` wants to see. */
export const mediaHeadBytes = 4096;

type Signature = readonly [type: string, offset: number, bytes: string];

const signatures: readonly Signature[] = [
	['image/png', 0, '\x89PNG\r\n\x1a\n\0\0\0\rIHDR'],
	['image/jpeg', 0, '\xff\xd8\xff'],
	['image/gif', 0, 'GIF87a'],
	['image/gif', 0, 'GIF89a'],
	['image/webp', 8, 'WEBPVP8'],
	['image/avif', 4, 'ftypavif'],
	['image/avif', 4, 'ftypavis'],
	['audio/wav', 8, 'WAVE'],
	['audio/mpeg', 0, 'ID3'],
	['audio/mpeg', 0, '\xff\xfb'],
	['audio/ogg', 0, 'OggS'],
	['audio/flac', 0, 'fLaC'],
	['video/webm', 0, '\x1aE\xdf\xa3'],
	['video/mp4', 4, 'ftyp'],
];

/** The type of a file by its first bytes. An image whose header names no size is no image. */
export function mediaType(head: Uint8Array): string {
	const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
	const found = signatures.find(([, offset, bytes]) => text.startsWith(bytes, offset))?.[0];
	if (found === undefined || !hasSize(found, head)) return unknownType;
	return found;
}

/** True for what a page may show: raster images, sound and moving pictures. */
export function isShown(type: string): boolean {
	return /^(image\/(png|jpeg|gif|webp|avif)|(audio|video)\/[a-z0-9]+)$/.test(type);
}

function hasSize(type: string, head: Uint8Array): boolean {
	const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
	if (type === 'image/png')
		return head.length >= 33 && view.getUint32(16) > 0 && view.getUint32(20) > 0;
	if (type === 'image/gif')
		return head.length >= 14 && view.getUint16(6, true) > 0 && view.getUint16(8, true) > 0;
	if (type === 'image/jpeg') return head.length >= 20;
	return head.length >= 16;
}
