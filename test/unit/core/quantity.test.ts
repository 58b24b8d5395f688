import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration, parseSize } from '../../../src/core/quantity.js';

describe('parseDuration() reads', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['0', 0],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '5', '-1s', '1 s', '1d', 's', '1e3s', '0x10s', '999999h'])('nothing into %j', (text) => {
    expect(parseDuration(text)).toBe(undefined);
  });
});

describe('parseSize() reads', () => {
  test.each([
    ['512', 512],
    ['16K', 16_384],
    ['1.5M', 1_572_864],
    ['2G', 2_147_483_648],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', '-1', '1 K', '1k', '1KB', 'K', '1e3', '0x10'])('nothing into %j', (text) => {
    expect(parseSize(text)).toBe(undefined);
  });
});

test.each([
  [850, '850ms'],
  [1_520, '1.5s'],
  [60_000, '60s'],
  [150_000, '2.5m'],
  [3_600_000, '60m'],
  [9_000_000, '2.5h'],
  [86_400_000, '24h'],
  [864_000_000, '10d'],
])('formatDuration(%d) is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
