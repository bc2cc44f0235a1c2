// One layer of a neural network: each output is a weighted sum of all inputs. Learns with Adam.

export class DenseLayer {
	/** `parameters` holds the weights of each output in turn, and then one bias for each output. */
	constructor(inputs, outputs, parameters = new Float32Array((inputs + 1) * outputs)) {
		this.inputs = inputs;
		this.outputs = outputs;
		this.parameters = parameters;
		this.gradients = new Float32Array(parameters.length);
		this.means = new Float32Array(parameters.length);
		this.squares = new Float32Array(parameters.length);
	}

	/** Starts with small random weights, so that the outputs vary as much as the inputs do (He). */
	randomize(random) {
		const deviation = Math.sqrt(2 / this.inputs);
		for (let i = 0; i < this.inputs * this.outputs; i++)
			this.parameters[i] = deviation * normal(random);
	}

	forward(input) {
		const { inputs, outputs, parameters } = this;
		const output = new Float32Array(outputs);
		for (let o = 0; o < outputs; o++) {
			let sum = parameters[inputs * outputs + o];
			for (let i = 0; i < inputs; i++) sum += parameters[o * inputs + i] * input[i];
			output[o] = sum;
		}
		return output;
	}

	/** Adds up the gradients of one example; returns the errors to hand to the layer below. */
	backward(input, errors) {
		const { inputs, outputs, parameters, gradients } = this;
		const below = new Float32Array(inputs);
		for (let o = 0; o < outputs; o++) {
			if (errors[o] === 0) continue;
			gradients[inputs * outputs + o] += errors[o];
			for (let i = 0; i < inputs; i++) {
				gradients[o * inputs + i] += errors[o] * input[i];
				below[i] += errors[o] * parameters[o * inputs + i];
			}
		}
		return below;
	}

	/** Moves against the gradients added up since the last call; `step` counts the calls from 1. */
	update({ step, lr, decay }) {
		const { parameters, gradients, means, squares } = this;
		const meanScale = 1 / (1 - 0.9 ** step);
		const squareScale = 1 / (1 - 0.999 ** step);
		for (let i = 0; i < parameters.length; i++) {
			means[i] += 0.1 * (gradients[i] - means[i]);
			squares[i] += 0.001 * (gradients[i] ** 2 - squares[i]);
			const direction = (means[i] * meanScale) / (Math.sqrt(squares[i] * squareScale) + 1e-8);
			parameters[i] -= lr * (direction + decay * parameters[i]);
		}
		gradients.fill(0);
	}
}

/** A number from the standard normal distribution (Box-Muller). */
function normal(random) {
	return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
