import { expect, test } from 'vitest';
import { tellStanding } from '../../../dist/cli/standing.js';
import { RecordedJournal } from '../../fixtures/supervisor/journal.ts';

function told(config: { user?: string | undefined }, pid: number, uid: number): readonly unknown[] {
  const journal = new RecordedJournal();
  tellStanding(journal, { user: config.user }, { pid, getuid: () => uid });
  return journal.lines.map(({ event }) => event);
}

test('process 1 says that orphans are not reaped, and what would', () => {
  const journal = new RecordedJournal();
  tellStanding(journal, { user: undefined }, { pid: 1, getuid: () => 1_000 });
  expect(journal.lines).toHaveLength(1);
  expect(journal.lines[0]).toMatchObject({
    event: 'process.first',
    message: expect.stringMatching(/not reaped.*docker run --init.*tini/) as string,
  });
});

test("root's says that workers are root's too, unless --user names somebody", () => {
  expect(told({}, 2, 0)).toEqual(['process.root']);
  expect(told({ user: 'nobody' }, 2, 0)).toEqual([]);
  expect(told({}, 1, 0)).toEqual(['process.first', 'process.root']);
});

test('any other has nothing to say', () => {
  expect(told({}, 2, 1_000)).toEqual([]);
});
