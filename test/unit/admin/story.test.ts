import { expect, test } from 'vitest';
import type { Entry } from '../../../src/admin/view/entry.js';
import { storyOf } from '../../../src/admin/view/story.js';
import { statusOf, workerOf } from './status.ts';

const ERROR = 50;
const NOW = 100_000;

/** An entry at some second. */
const entry = (second: number, event: string, fields: object = {}): Entry => ({
  time: second * 1_000,
  level: 30,
  event,
  msg: event,
  ...fields,
});

const START = [entry(1, 'worker.ready', { generation: 1, ms: 500 }), entry(2, 'serving')];
const serving = (generation: number) => statusOf({ generation, workers: [workerOf(generation)] });

/** Each generation as a line: its phases with the seconds at which they began, and how it ended. */
function told(entries: readonly Entry[], status = serving(1)): readonly string[] {
  return storyOf(entries, status, NOW).chapters.map(({ generation, spans, fate, over, marks }) => {
    const phases = spans.map(({ phase, from }) => `${phase} ${from / 1_000}`).join(', ');
    const end = over === undefined ? '' : `, ${fate} ${over / 1_000}`;
    return `${generation}: ${phases}${end}${marks.map(({ kind }) => `, ${kind}`).join('')}`;
  });
}

test('a start', () => {
  expect(told(START)).toEqual(['1: starting 0.5, serving 2']);
});

test('a reload', () => {
  const entries = [
    ...START,
    entry(10, 'reload.started', { generation: 2 }),
    entry(11, 'worker.ready', { generation: 2, ms: 900 }),
    entry(12, 'reload.done', { generation: 2 }),
    entry(15, 'generation.retired', { generation: 1 }),
  ];
  expect(told(entries, serving(2))).toEqual([
    '1: starting 0.5, serving 2, retiring 12, retired 15',
    '2: starting 10, serving 12',
  ]);
  expect(storyOf(entries, serving(2), NOW).failure).toBeUndefined();
});

test('a reload that fails, and its last words', () => {
  const entries = [
    ...START,
    entry(10, 'reload.started', { generation: 2 }),
    entry(11, 'worker.exited', { generation: 2, level: ERROR, state: 'starting' }),
    entry(12, 'reload.failed', { generation: 2, level: ERROR, reason: 'no' }),
  ];
  expect(told(entries)).toEqual(['1: starting 0.5, serving 2', '2: starting 10, failed 12, failed']);
  expect(storyOf(entries, serving(1), NOW).failure).toMatchObject({ reason: 'no' });
});

test('a configuration that is wrong begins no generation', () => {
  expect(told([...START, entry(5, 'reload.failed', { level: ERROR })])).toEqual(['1: starting 0.5, serving 2, failed']);
});

test('a generation that is watched and taken back', () => {
  const entries = [
    ...START,
    entry(10, 'reload.started', { generation: 2 }),
    entry(12, 'reload.watching', { generation: 2, former: [1] }),
    entry(20, 'reload.failed', { generation: 2, level: ERROR }),
    entry(21, 'generation.retired', { generation: 2 }),
  ];
  expect(told(entries)).toEqual([
    '1: starting 0.5, serving 2, standby 12, serving 20',
    '2: starting 10, serving 12, retiring 20, taken back 21, failed',
  ]);
});

test('a reload in batches that stops half way leaves both', () => {
  const entries = [
    ...START,
    entry(10, 'reload.started', { generation: 2 }),
    entry(12, 'reload.batch', { ready: 1, wanted: 2 }),
    entry(14, 'reload.failed', { generation: 2, level: ERROR }),
  ];
  const status = statusOf({ state: 'mixed', generation: 2, workers: [workerOf(1), workerOf(2, { slot: 1 })] });
  expect(told(entries, status)).toEqual(['1: starting 0.5, serving 2', '2: starting 10, serving 12, failed']);
});

test('crashes, and workers that are replaced', () => {
  const entries = [
    ...START,
    entry(10, 'worker.exited', { generation: 1, level: ERROR }),
    entry(11, 'worker.exited', { generation: 1 }),
    entry(12, 'worker.replacing', { generation: 1, level: 40 }),
  ];
  expect(told(entries)).toEqual(['1: starting 0.5, serving 2, crash, notice']);
});

test('what was not logged is made of the status', () => {
  const status = statusOf({ generation: 3, workers: [workerOf(2), workerOf(3, { uptimeMs: 5_000 })] });
  expect(told([], status)).toEqual(['2: starting 99, retiring 99', '3: starting 95, serving 95']);
  expect(told(START, status)[0]).toBe('1: starting 0.5, serving 2, retired 100');
});

test('what else is logged is no part of it', () => {
  expect(told([...START, entry(5, 'constructor'), entry(6, 'listening')])).toEqual(['1: starting 0.5, serving 2']);
});
