import { expect, test } from 'vitest';
import { ReloadLog } from '../../../src/supervisor/reload-log.js';
import { noticeOf } from '../../../src/systemd/notices.js';
import { RecordedJournal } from '../../fixtures/supervisor/journal.ts';

test('a reload that was refused makes nothing ready, one that has failed is over', () => {
  const journal = new RecordedJournal();
  const reloads = new ReloadLog(journal);
  reloads.refused(new Error('no such file'), '');
  reloads.failed(2, new Error('no database'), 'generation 1');
  expect(journal.lines.map(noticeOf)).toEqual([
    ['STATUS=The last reload was refused: no such file'],
    ['READY=1', 'STATUS=Serving on, the last reload failed: no database'],
  ]);
});
