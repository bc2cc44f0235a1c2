import { quantile, type Figure } from '../benchmark.ts';
import type { Case, CaseResult } from './cases.ts';
import type { FanOutResult } from './load/fan-out.ts';
import type { WaveResult, WavesResult } from './load/waves.ts';

/** All rounds of one case, by server. */
export interface Rounds<Result> {
	readonly ours: readonly Result[];
	/** Hocuspocus with SQLite. */
	readonly hocuspocus: readonly Result[];
	/** y-websocket-server with LevelDB. */
	readonly yWebsocket: readonly Result[];
}

type Of<Result> = (result: Result) => number;

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Medians of the rounds, held against the bars of the product: ratios beside the peers. */
export function figuresOf(one: Case, rounds: Rounds<CaseResult>): Figure[] {
	return one.kind === 'fan-out'
		? fanOutFigures(one.name, one.isCpuHeld, rounds as Rounds<FanOutResult>)
		: wavesFigures(rounds as Rounds<WavesResult>);
}

function fanOutFigures(name: string, isCpuHeld: boolean, rounds: Rounds<FanOutResult>): Figure[] {
	const row = rowsOf(rounds);
	const delivered = row(`${name}: delivered`, '/s', (one) => one.deliveredPerSecond);
	const p50 = row(`${name}: p50`, 'ms', (one) => one.p50Ms);
	const cpu = row(`${name}: CPU per 1,000 updates`, 's', (one) => one.cpuSecondsPer1000);
	return [
		delivered.atLeast(0.99 * delivered.best('most'), '0.99 × the best'),
		row(`${name}: of what was asked`, '%', (one) => 100 * one.deliveredShare).figure,
		p50.atMost(Math.max(3, 1.5 * p50.hocuspocus), 'max(3 ms, 1.5 × hocuspocus)'),
		row(`${name}: p99`, 'ms', (one) => one.p99Ms).figure,
		isCpuHeld ? cpu.atMost(cpu.hocuspocus, '1.0 × hocuspocus') : cpu.figure,
		row(`${name}: resident`, 'MB', (one) => one.residentMb).figure,
		...receiptFigures(name, rounds.ours),
	];
}

/** Only ours says what is durable; here that it says it of everything, and how late. */
function receiptFigures(name: string, ours: readonly FanOutResult[]): Figure[] {
	return [
		{
			what: `${name}: acknowledged after fsync`,
			value: 100 * Math.min(...ours.map((one) => one.acknowledgedShare)),
			unit: '%',
			bar: { at: 'least', value: 100 },
		},
		{
			what: `${name}: acknowledgement, p50`,
			value: median(ours.map((one) => one.receiptP50Ms)),
			unit: 'ms',
		},
		{
			what: `${name}: acknowledgement, p99`,
			value: median(ours.map((one) => one.receiptP99Ms)),
			unit: 'ms',
		},
	];
}

function wavesFigures(rounds: Rounds<WavesResult>): Figure[] {
	const storm = rowsOf(waveOf(rounds, 'storm'));
	const empty = rowsOf(waveOf(rounds, 'empty'));
	const level = rowsOf(waveOf(rounds, 'level'));
	const time = storm('storm: all served', 's', (one) => one.seconds);
	const resident = storm('storm: resident', 'MB', (one) => one.residentMb);
	const emptyCpu = empty('empty browsers: CPU', 's', (one) => one.cpuSeconds);
	const levelCpu = level('up to date: CPU', 's', (one) => one.cpuSeconds);
	return [
		time.atMost(1.25 * time.best('least'), '1.25 × the best'),
		storm('storm: p99', 'ms', (one) => one.p99Ms).figure,
		storm('storm: CPU', 's', (one) => one.cpuSeconds).figure,
		resident.atMost(1.25 * resident.best('least'), '1.25 × the best'),
		empty('empty browsers: all served', 's', (one) => one.seconds).figure,
		emptyCpu.atMost(0.6 * emptyCpu.hocuspocus, '0.6 × hocuspocus'),
		level('up to date: all served', 's', (one) => one.seconds).figure,
		levelCpu.atMost(0.1 * levelCpu.hocuspocus, '0.1 × hocuspocus'),
	];
}

function waveOf(rounds: Rounds<WavesResult>, wave: keyof WavesResult): Rounds<WaveResult> {
	const of = (results: readonly WavesResult[]): WaveResult[] => results.map((one) => one[wave]);
	return {
		ours: of(rounds.ours),
		hocuspocus: of(rounds.hocuspocus),
		yWebsocket: of(rounds.yWebsocket),
	};
}

/** Rows of a table: one number of ours beside the same of the peers, and the bar it is held against. */
function rowsOf<Result>(rounds: Rounds<Result>) {
	return (what: string, unit: string, of: Of<Result>) => {
		const value = median(rounds.ours.map(of));
		const hocuspocus = median(rounds.hocuspocus.map(of));
		const yWebsocket = median(rounds.yWebsocket.map(of));
		const figure: Figure = {
			what,
			value,
			unit,
			beside: [
				{ who: 'hocuspocus', value: hocuspocus },
				{ who: 'y-websocket', value: yWebsocket },
			],
		};
		return {
			figure,
			hocuspocus,
			best: (is: 'most' | 'least') =>
				is === 'most' ? Math.max(hocuspocus, yWebsocket) : Math.min(hocuspocus, yWebsocket),
			atMost: (bar: number, from: string): Figure => ({
				...figure,
				bar: { at: 'most', value: bar, from },
			}),
			atLeast: (bar: number, from: string): Figure => ({
				...figure,
				bar: { at: 'least', value: bar, from },
			}),
		};
	};
}
