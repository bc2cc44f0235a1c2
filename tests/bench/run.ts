import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { keepsBar, type Benchmark, type Figure } from './benchmark.ts';
import { blind } from './blind.ts';
import { catchingUp } from './catch-up.ts';
import { manyDocuments } from './documents.ts';
import { faults } from './faults.ts';
import { fuzz } from './fuzz.ts';
import { importing } from './import.ts';
import { labeling } from './label.ts';
import { memory } from './memory.ts';
import { offlineDay } from './offline-day.ts';
import { snapshot } from './snapshot.ts';
import { starting } from './start.ts';
import { sync } from './sync.ts';

/**
 * `npm run bench [-- NAME … --quick --only=CASE]`: runs benchmarks on the real program, prints a table each, and
 * writes them as JSON.
 */
const all: readonly Benchmark[] = [
	starting,
	importing,
	snapshot,
	labeling,
	sync,
	catchingUp,
	faults,
	blind,
	fuzz,
	memory,
	manyDocuments,
	offlineDay,
];
const words = process.argv.slice(2);
const names = words.filter((word) => !word.startsWith('--'));
const options = {
	isQuick: words.includes('--quick'),
	only: words.find((word) => word.startsWith('--only='))?.slice('--only='.length),
};
const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
const strange = words.find((word) => word.startsWith('--') && !/^--(quick|only=.+)$/.test(word));
if (strange !== undefined) {
	console.error(`There is no ${strange}; there are --quick and --only=CASE.`);
	process.exit(2);
}
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
	const figures = await benchmark.run(options);
	areAllKept &&= figures.every(keepsBar);
	console.log(table(figures));
	const machine = { cores: cpus().length, memoryBytes: totalmem(), node: process.version };
	writeFileSync(
		join(out, `${name}.json`),
		JSON.stringify(
			{ name, at: new Date().toISOString(), machine, ...options, figures },
			null,
			'\t',
		),
	);
}
process.exit(areAllKept ? 0 : 1);

function table(figures: readonly Figure[]): string {
	const rows = figures.map((figure) => [
		figure.what,
		`${round(figure.value)} ${figure.unit}`,
		(figure.beside ?? []).map(({ who, value }) => `${who} ${round(value)}`).join(', '),
		barOf(figure),
		figure.bar ? (keepsBar(figure) ? 'kept' : 'MISSED') : '',
	]);
	const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
	return rows
		.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`)
		.join('\n');
}

function barOf({ bar }: Figure): string {
	if (!bar) return '';
	const from = bar.from === undefined ? '' : ` (${bar.from})`;
	return `${bar.at === 'most' ? '≤' : '≥'} ${round(bar.value)}${from}`;
}

function round(value: number): string {
	if (!Number.isFinite(value)) return String(value);
	return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
