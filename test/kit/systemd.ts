import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './folder.ts';

const STAND_IN = fileURLToPath(new URL('../fixtures/systemd-notify', import.meta.url));

const isThere = (command: string) => spawnSync(command, ['--version']).status === 0;

export const hasAnalyze = isThere('systemd-analyze');

/** Stands in the name of a test that is left out. */
export const WITHOUT_ANALYZE = hasAnalyze ? '' : ' (left out: systemd-analyze is not installed)';

/** A PATH on which there is a `systemd-notify`: the system's own, or one that does the same. */
export function pathWithNotify(): string {
  const { PATH = '' } = process.env;
  if (isThere('systemd-notify')) return PATH;
  const folder = temporaryFolder();
  cpSync(STAND_IN, join(folder, 'systemd-notify'));
  return `${folder}${delimiter}${PATH}`;
}
