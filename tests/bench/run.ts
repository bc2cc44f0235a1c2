import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { keepsBar, type Benchmark, type Figure } from './benchmark.ts';
import { faults } from './faults.ts';
import { fuzz } from './fuzz.ts';
import { importing } from './import.ts';
import { labeling } from './label.ts';
import { memory } from './memory.ts';
import { snapshot } from './snapshot.ts';
import { starting } from './start.ts';
import { sync } from './sync.ts';

/** `npm run bench [-- NAME …]`: runs benchmarks on the real program, prints a table each, and writes them as JSON. */
const all: readonly Benchmark[] = [
	starting,
	importing,
	snapshot,
	labeling,
	sync,
	faults,
	fuzz,
	memory,
];
const names = process.argv.slice(2);
const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
if (chosen.length === 0) {
	console.error(`There is no such benchmark; there are ${all.map(({ name }) => name).join(', ')}.`);
	process.exit(2);
}

const out = join(import.meta.dirname, '../../build/bench');
mkdirSync(out, { recursive: true });
let areAllKept = true;
for (const benchmark of chosen) {
	const { name, method } = benchmark;
	console.log(`\n${name}: ${method}`);
	const figures = await benchmark.run();
	areAllKept &&= figures.every(keepsBar);
	console.log(table(figures));
	const machine = { cores: cpus().length, memoryBytes: totalmem(), node: process.version };
	writeFileSync(
		join(out, `${name}.json`),
		JSON.stringify({ name, at: new Date().toISOString(), machine, figures }, null, '\t'),
	);
}
process.exit(areAllKept ? 0 : 1);

function table(figures: readonly Figure[]): string {
	const rows = figures.map((figure) => [
		figure.what,
		`${round(figure.value)} ${figure.unit}`,
		figure.bar ? `${figure.bar.at === 'most' ? '≤' : '≥'} ${figure.bar.value}` : '',
		figure.bar ? (keepsBar(figure) ? 'kept' : 'MISSED') : '',
	]);
	const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
	return rows
		.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`)
		.join('\n');
}

function round(value: number): string {
	return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
