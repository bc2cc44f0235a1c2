// Multinomial logistic regression on sparse vectors, learned one example at a time.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fail } from './snapshot.mjs';

export class LogisticRegression {
	/** `weights` holds `bucketCount` numbers for each option, one option after the other. */
	constructor(options, bucketCount, weights = new Float32Array(options.length * bucketCount)) {
		this.options = options;
		this.bucketCount = bucketCount;
		this.weights = weights;
	}

	/** How likely each option is, in the order of `options`; the sum is 1. */
	probabilities({ buckets, value }) {
		const logits = this.options.map((_, option) => {
			const start = option * this.bucketCount;
			let sum = 0;
			for (const bucket of buckets) sum += this.weights[start + bucket];
			return sum * value;
		});
		const highest = Math.max(...logits);
		const powers = logits.map((logit) => Math.exp(logit - highest));
		const total = powers.reduce((a, b) => a + b);
		return powers.map((power) => power / total);
	}

	/** Takes one step downhill on the cross-entropy of one example; returns what it was before. */
	learn(vector, target, { lr, decay }) {
		const probabilities = this.probabilities(vector);
		probabilities.forEach((probability, option) => {
			const start = option * this.bucketCount;
			const error = (probability - (option === target ? 1 : 0)) * vector.value;
			for (const bucket of vector.buckets)
				this.weights[start + bucket] -= lr * (error + decay * this.weights[start + bucket]);
		});
		return -Math.log(Math.max(probabilities[target], 1e-12));
	}

	save(folder) {
		mkdirSync(folder, { recursive: true });
		const { options, bucketCount } = this;
		writeFileSync(
			`${folder}/model.json`,
			JSON.stringify({ options, bucketCount }, null, '\t') + '\n',
		);
		writeFileSync(`${folder}/weights.f32`, this.weights);
	}

	static load(folder) {
		const { options, bucketCount } = JSON.parse(readFileSync(`${folder}/model.json`, 'utf8'));
		const bytes = readFileSync(`${folder}/weights.f32`);
		if (bytes.length !== 4 * options.length * bucketCount)
			fail(`${folder}/weights.f32 has the wrong size: fetch it with \`git lfs pull\`.`);
		return new LogisticRegression(
			options,
			bucketCount,
			new Float32Array(new Uint8Array(bytes).buffer),
		);
	}
}
