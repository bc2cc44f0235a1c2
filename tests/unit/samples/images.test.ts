import { expect, test } from 'vitest';
import { garments, readImages } from '#sync-server/samples/fashion/images.ts';

const images = readImages();

test('there are 100 images of each garment', () => {
	for (const garment of garments)
		expect(images.filter((image) => image.garment === garment)).toHaveLength(100);
	expect(images).toHaveLength(1000);
});

test('no image stands there twice', () => {
	expect(new Set(images.map(({ sha256 }) => sha256)).size).toBe(1000);
});

test('the hash of an image is the same on every machine', () => {
	expect(images[0]).toMatchObject({
		id: 'fashion-30',
		sha256: '1d35975c5083b5a05ef5e9f1a4285813828fe755dce9af44c528c6858e060dfd',
	});
});
