import { expect, test } from 'vitest';
import { Census } from '../../src/census.js';
import { RecordedJournal } from '../fixtures/supervisor/journal.js';

test('the census counts what is logged of workers and reloads, and passes it on', () => {
  const census = new Census();
  const journal = new RecordedJournal();
  const told = census.readOff(journal);
  told.debug({ event: 'worker.started' }, 'a');
  told.info({ event: 'worker.exited', state: 'stopping', code: 0, signal: null }, 'b');
  told.info({ event: 'worker.exited', state: 'stopping', code: null, signal: 'SIGKILL' }, 'c');
  told.error({ event: 'worker.exited', state: 'ready', code: 1, signal: null }, 'd');
  told.error({ event: 'worker.exited', state: 'starting', code: 1, signal: null }, 'e');
  told.error({ event: 'worker.exited', state: 'stopping', code: null, signal: 'SIGTERM' }, 'f'); // it was late
  told.warn({ event: 'worker.replacing', reason: 'memory' }, 'g');
  told.info({ event: 'reload.done', durationMs: 700 }, 'h');
  expect(census.starts).toBe(1);
  expect(Object.fromEntries(census.exits)).toEqual({ stopped: 1, killed: 1, crashed: 1, failed: 2 });
  expect(Object.fromEntries(census.replacements)).toEqual({ memory: 1 });
  expect(census.reloads.sumMs).toBe(700);
  expect(journal.lines).toHaveLength(8);
});
