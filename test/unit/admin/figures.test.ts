import { expect, test } from 'vitest';
import { age, count, latency, memory, moment, percent, rate } from '../../../src/admin/view/figures.js';

const NOON = new Date(2026, 10, 29, 12).getTime();

test.each([
  [age(59_900), '59s'],
  [age(-5), '0s'],
  [age(61_000), '1m'],
  [age(2 * 3_600_000), '2h'],
  [age(3 * 3_600_000 + 20 * 60_000), '3h 20m'],
  [age(49 * 3_600_000), '2d 1h'],
  [latency(0.44), '0.4 ms'],
  [latency(12.4), '12 ms'],
  [latency(1_240), '1.2 s'],
  [latency(null), '–'],
  [memory(0), '–'],
  [memory(64_200_000), '64 MB'],
  [memory(1_230_000_000), '1.2 GB'],
  [count(12_345), '12,345'],
  [count(1_230_000), '1.2 M'],
  [rate(0.44), '0.4'],
  [rate(1_204.3), '1,204'],
  [percent(0.123), '12 %'],
  [moment(NOON + 1_000, NOON), '12:00:01'],
  [moment(NOON, NOON + 86_400_000), '29 Nov 12:00:00'],
])('%s reads as %s', (shown, wanted) => {
  expect(shown).toBe(wanted);
});
