import { expect, test } from 'vitest';
import { statusLines } from '../../../src/cli/status-table.js';
import type { FrontStatus } from '../../../src/instance/desk.js';
import { statusOf, workerOf } from '../admin/status.ts';

const vacancyOf = (slot: number) => ({
  slot,
  generation: 1,
  restarts: 7,
  isCrashLooping: true,
  remainingMs: 4_200,
  reason: `Worker ${slot} exited with code 1: ${'no room '.repeat(12)}`,
});

function linesOf(other: object): readonly string[] {
  const requests = { total: 0, failed: 0, retried: 0, held: 0 };
  return statusLines({ ...statusOf(), requests, ...other } as unknown as FrontStatus, (_, text) => text);
}

test('of many places whose workers have crashed, two are told in words, and all stand in the table', () => {
  const lines = linesOf({ workers: [], vacancies: [0, 1, 2, 3].map(vacancyOf) });
  const text = lines.join('\n');
  expect(text).toMatch(/^shop: no worker ready, /);
  expect(text.match(/exited with code 1/g)).toHaveLength(2);
  expect(text).toContain('… and 2 other workers');
  expect(lines.filter((line) => /^ +\d +1 +- +crash loop +- +- +- +7 +-$/.test(line))).toHaveLength(4);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test('a worker that has ended, and left something behind, is not called what its place is', () => {
  const ended = { ...workerOf(1, { state: 'exited', isCrashLooping: true }), inFlight: 0, requests: 0 };
  const lines = linesOf({ workers: [ended], vacancies: [vacancyOf(0)] });
  expect(lines.slice(-2)).toEqual([expect.stringMatching(/ 2 +exited /), expect.stringMatching(/ - +crash loop /)]);
});
