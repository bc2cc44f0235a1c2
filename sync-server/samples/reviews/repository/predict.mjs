// Items on stdin, predictions on stdout, one JSON object a line; the model is what train.mjs kept.
import { createInterface } from 'node:readline';
import { hashedNgrams } from './hashed-ngrams.mjs';
import { LogisticRegression } from './logistic-regression.mjs';
import { prediction } from './snapshot.mjs';

const model = LogisticRegression.load('model');

for await (const line of createInterface({ input: process.stdin })) {
	if (line.trim() === '') continue;
	const item = JSON.parse(line);
	const vector = hashedNgrams(item.data.text, model.bucketCount);
	const probabilities = model.probabilities(vector);
	console.log(JSON.stringify(prediction(item, 'sentiment', model.options, probabilities)));
}
