import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { ReportGate } from '#sync-server/git/report-gate.ts';

const packet = (band: number, text: string): Buffer => {
	const payload = Buffer.concat([Buffer.from([band]), Buffer.from(text)]);
	return Buffer.concat([Buffer.from((payload.length + 4).toString(16).padStart(4, '0')), payload]);
};
const flush = Buffer.from('0000');

describe('the report of a push', () => {
	test('waits, while what hooks print goes through, however the bytes are cut', () => {
		const parts = [packet(2, 'Resolving'), packet(1, 'unpack ok'), packet(2, 'Run 1'), flush];
		const all = Buffer.concat(parts);
		fc.assert(
			fc.property(fc.array(fc.nat(all.length), { maxLength: 6 }), (places) => {
				const gate = new ReportGate();
				const cuts = [0, ...places.sort((a, b) => a - b), all.length];
				const passed = Buffer.concat(
					cuts.slice(1).map((end, index) => gate.take(all.subarray(cuts[index], end))),
				);
				expect(passed).toEqual(Buffer.concat([parts[0]!, parts[2]!]));
				expect(gate.release()).toEqual(Buffer.concat([parts[1]!, flush]));
			}),
		);
	});

	test('does not keep back what keeps the line alive', () => {
		expect(new ReportGate().take(packet(1, ''))).toEqual(packet(1, ''));
	});

	test('of a client without bands waits as a whole', () => {
		const gate = new ReportGate();
		const bare = Buffer.from('000eunpack ok\n0000');
		expect(gate.take(bare)).toHaveLength(0);
		expect(gate.release()).toEqual(bare);
	});

	test('that is none is a fault', () => {
		expect(() => new ReportGate().take(Buffer.from('<html>'))).toThrow('something else');
	});
});
