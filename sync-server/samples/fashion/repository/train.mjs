// Learns which garment an image shows from the labels in a snapshot, and predicts all the others.
import { Classifier } from './classifier.mjs';
import { readPixels, side } from './images.mjs';
import { seededRandom, shuffle } from './seeded-random.mjs';
import * as snapshot from './snapshot.mjs';

const tool = 'garment';
const { seed, epochs, lr, decay, batch, hidden } = snapshot.readParameters({
	seed: 1,
	epochs: 25,
	lr: 0.002,
	decay: 0.01,
	batch: 16,
	hidden: 64,
});
const options = snapshot.readOptions(tool);

const examples = snapshot.readPart('items').map((item) => ({
	item,
	pixels: readPixels(item),
	target: options.indexOf(item.answer.values[tool]), // -1 for an option the schema no longer has
}));
const train = examples.filter(({ item, target }) => item.split === 'train' && target >= 0);
const valid = examples.filter(({ item }) => item.split === 'valid');
if (train.length === 0)
	snapshot.fail('Nothing to learn from: no item of the split train has a label. Label some first.');

const random = seededRandom(seed);
const model = new Classifier({ options, inputs: side * side, hidden }).randomize(random);
const stepsPerEpoch = Math.ceil(train.length / batch);
let step = 0;

for (let epoch = 1; epoch <= epochs; epoch++) {
	shuffle(train, random);
	let loss = 0;
	for (let start = 0; start < train.length; start += batch) {
		const rate = lr * (1 - step / (epochs * stepsPerEpoch));
		step++;
		loss += model.learn(train.slice(start, start + batch), { step, lr: rate, decay });
	}
	snapshot.printMetrics({ step, epoch, loss: loss / stepsPerEpoch, accuracy: accuracy(valid) });
}

model.save('model');
const unlabeled = snapshot.readPart('pool').map((item) => ({ item, pixels: readPixels(item) }));
snapshot.writeLines(
	'predictions.jsonl',
	[...valid, ...unlabeled].map(({ item, pixels }) =>
		snapshot.prediction(item, tool, options, model.probabilities(pixels)),
	),
);

/** The share of examples whose likeliest option is the right one; unknown where there are none. */
function accuracy(examples) {
	const judged = examples.filter(({ target }) => target >= 0);
	if (judged.length === 0) return undefined;
	const right = judged.filter(({ pixels, target }) => {
		const probabilities = model.probabilities(pixels);
		return probabilities.indexOf(Math.max(...probabilities)) === target;
	});
	return right.length / judged.length;
}
