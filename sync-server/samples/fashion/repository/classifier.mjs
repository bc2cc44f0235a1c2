// A neural network with one hidden layer: pixels in, the probability of each option out.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DenseLayer } from './dense-layer.mjs';
import { fail } from './snapshot.mjs';

export class Classifier {
	constructor({ options, inputs, hidden }) {
		this.shape = { options, inputs, hidden };
		this.lower = new DenseLayer(inputs, hidden);
		this.upper = new DenseLayer(hidden, options.length);
	}

	randomize(random) {
		this.lower.randomize(random);
		this.upper.randomize(random);
		return this;
	}

	/** How likely each option is, in the order of `options`; the sum is 1. */
	probabilities(pixels) {
		return softmax(this.upper.forward(this.#features(pixels)));
	}

	/** One step downhill on a batch of `{ pixels, target }`; returns its mean cross-entropy. */
	learn(batch, { step, lr, decay }) {
		let loss = 0;
		for (const { pixels, target } of batch) {
			const features = this.#features(pixels);
			const probabilities = softmax(this.upper.forward(features));
			loss -= Math.log(Math.max(probabilities[target], 1e-12));
			const errors = probabilities.map((p, i) => (p - (i === target ? 1 : 0)) / batch.length);
			const below = this.upper.backward(features, errors);
			this.lower.backward(
				pixels,
				below.map((error, i) => (features[i] > 0 ? error : 0)),
			);
		}
		this.lower.update({ step, lr, decay });
		this.upper.update({ step, lr, decay });
		return loss / batch.length;
	}

	save(folder) {
		mkdirSync(folder, { recursive: true });
		writeFileSync(`${folder}/model.json`, JSON.stringify(this.shape, null, '\t') + '\n');
		writeFileSync(`${folder}/lower.f32`, this.lower.parameters);
		writeFileSync(`${folder}/upper.f32`, this.upper.parameters);
	}

	static load(folder) {
		const model = new Classifier(JSON.parse(readFileSync(`${folder}/model.json`, 'utf8')));
		for (const name of ['lower', 'upper']) {
			const bytes = readFileSync(`${folder}/${name}.f32`);
			if (bytes.length !== model[name].parameters.byteLength)
				fail(`${folder}/${name}.f32 has the wrong size: fetch it with \`git lfs pull\`.`);
			model[name].parameters.set(new Float32Array(new Uint8Array(bytes).buffer));
		}
		return model;
	}

	/** What the hidden layer sees in an image: nothing below zero (ReLU). */
	#features(pixels) {
		return this.lower.forward(pixels).map((sum) => Math.max(0, sum));
	}
}

function softmax(logits) {
	const highest = Math.max(...logits);
	const powers = Array.from(logits, (logit) => Math.exp(logit - highest));
	const total = powers.reduce((a, b) => a + b);
	return powers.map((power) => power / total);
}
