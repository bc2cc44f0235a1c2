// Items on stdin, predictions on stdout, one JSON object a line; the model is what train.mjs kept.
import { createInterface } from 'node:readline';
import { Classifier } from './classifier.mjs';
import { readPixels } from './images.mjs';
import { prediction } from './snapshot.mjs';

const model = Classifier.load('model');

for await (const line of createInterface({ input: process.stdin })) {
	if (line.trim() === '') continue;
	const item = JSON.parse(line);
	const probabilities = model.probabilities(readPixels(item));
	console.log(JSON.stringify(prediction(item, 'garment', model.shape.options, probabilities)));
}
