import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/core/config.js';

const read = (input: Record<string, unknown>) =>
  parseConfig({ script: 'server.js', backend: 'cluster', ...input }, 'config', (key) => key);

describe('what cannot be had where connections are handed over is refused, by name', () => {
  test.each([
    [{ mode: 'http' }, /^Cannot use mode with backend cluster: /],
    [{ balance: 'least-connections' }, /^Cannot use balance with backend cluster: .*Use round-robin or source-hash$/],
    [{ balance: 'random-two' }, /^Cannot use balance with backend cluster: /],
    [{ sticky: 'cookie' }, /^Cannot use sticky with backend cluster: .*Use source-hash as the balance$/],
    [{ maxInFlight: 10 }, /^Cannot use maxInFlight with backend cluster: /],
    [{ noClientAddress: true }, /^Cannot use noClientAddress with backend cluster: /],
  ])('%j', (input, message) => {
    expect(() => read(input)).toThrow(message);
  });
});

test('round-robin and source-hash are to be had', () => {
  expect(read({ balance: 'source-hash' }).balance).toBe('source-hash');
  expect(read({}).balance).toBe('round-robin');
});
