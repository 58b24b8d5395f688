import { expect, test } from 'vitest';
import { failureLines } from '../../../src/cli/failure-lines.js';
import { Refusal } from '../../../src/control/client.js';

const lines = Array.from({ length: 30 }, (_, at) => `line ${at + 1}`);
const refusal = new Refusal({ code: 'worker', message: 'Reload failed', lastLines: lines });

test('all that a worker said last is told where it may be read later', () => {
  const told = failureLines(refusal, { isTTY: false, columns: 80, rows: 24 });
  expect(told).toEqual(['zdlb: Reload failed', ...lines.map((line) => `  ${line}`)]);
});

test.each([
  { columns: 80, rows: 24 },
  { columns: 40, rows: 10 },
  { columns: 0, rows: 0 },
])('what is told on a terminal of $columns x $rows fits on it, with the reason first', (size) => {
  const told = failureLines(refusal, { isTTY: true, ...size });
  expect(told.length).toBeLessThanOrEqual((size.rows || 24) - 2);
  expect([told[0], told.at(-1)]).toEqual(['zdlb: Reload failed', '  line 30']);
  expect(told[1]).toMatch(/^ {2}\(\d+ lines above these are in zdlb logs\)$/);
});
