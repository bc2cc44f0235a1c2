// Learns the sentiment of a sentence from the labels in a snapshot, and predicts all the others.
import { hashedNgrams } from './hashed-ngrams.mjs';
import { LogisticRegression } from './logistic-regression.mjs';
import { seededRandom, shuffle } from './seeded-random.mjs';
import * as snapshot from './snapshot.mjs';

const tool = 'sentiment';
const { seed, epochs, lr, decay, buckets } = snapshot.readParameters({
	seed: 1,
	epochs: 20,
	lr: 2.5,
	decay: 0.001,
	buckets: 131072,
});
const options = snapshot.readOptions(tool);
const vectorOf = (item) => hashedNgrams(item.data.text, buckets);

const examples = snapshot.readPart('items').map((item) => ({
	item,
	vector: vectorOf(item),
	target: options.indexOf(item.answer.values[tool]), // -1 for an option the schema no longer has
}));
const train = examples.filter(({ item, target }) => item.split === 'train' && target >= 0);
const valid = examples.filter(({ item }) => item.split === 'valid');
if (train.length === 0)
	snapshot.fail('Nothing to learn from: no item of the split train has a label. Label some first.');

const model = new LogisticRegression(options, buckets);
const random = seededRandom(seed);

for (let epoch = 1; epoch <= epochs; epoch++) {
	const rate = lr * (1 - (epoch - 1) / epochs);
	let loss = 0;
	for (const { vector, target } of shuffle(train, random))
		loss += model.learn(vector, target, { lr: rate, decay });
	snapshot.printMetrics({ step: epoch, loss: loss / train.length, accuracy: accuracy(valid) });
}

model.save('model');
const unlabeled = snapshot.readPart('pool').map((item) => ({ item, vector: vectorOf(item) }));
snapshot.writeLines(
	'predictions.jsonl',
	[...valid, ...unlabeled].map(({ item, vector }) =>
		snapshot.prediction(item, tool, options, model.probabilities(vector)),
	),
);

/** The share of examples whose likeliest option is the right one; unknown where there are none. */
function accuracy(examples) {
	const judged = examples.filter(({ target }) => target >= 0);
	if (judged.length === 0) return undefined;
	const right = judged.filter(({ vector, target }) => {
		const probabilities = model.probabilities(vector);
		return probabilities.indexOf(Math.max(...probabilities)) === target;
	});
	return right.length / judged.length;
}
