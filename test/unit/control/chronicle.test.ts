import { expect, test } from 'vitest';
import { Chronicle } from '../../../src/control/chronicle.js';

test('workers that print a lot do not drive out what zdlb itself has logged', () => {
  const chronicle = new Chronicle();
  const own = '{"event":"reload.done"}\n';
  chronicle.write(own);
  for (let line = 0; line < 2_000; line++) chronicle.write(`{"event":"worker.output","msg":"${line}"}\n`);
  expect(chronicle.lastOwn).toEqual([own]);
  expect(chronicle.last).toHaveLength(1_000);
});

test('clients that ask a lot do not, either', () => {
  const chronicle = new Chronicle();
  chronicle.write('{"event":"access-log.dropped"}\n');
  for (let line = 0; line < 2_000; line++) chronicle.write('{"event":"access","status":200}\n');
  expect(chronicle.lastOwn).toEqual(['{"event":"access-log.dropped"}\n']);
});

test('a worker that prints what looks like an entry has printed a line', () => {
  const chronicle = new Chronicle();
  chronicle.write(`${JSON.stringify({ event: 'worker.output', msg: '"event":"reload.done"' })}\n`);
  chronicle.write(`${JSON.stringify({ event: 'reload.failed', reason: '"event":"worker.output"' })}\n`);
  expect(chronicle.lastOwn).toHaveLength(1);
});

test('long entries are kept up to a mebibyte', () => {
  const chronicle = new Chronicle();
  for (let line = 0; line < 100; line++) chronicle.write('x'.repeat(100_000));
  expect(chronicle.last).toHaveLength(10);
});
