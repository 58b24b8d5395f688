import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../core/config.js';
import { ZdlbError } from '../core/errors.js';

/** What can't change while an instance runs, by its name in the configuration. */
export const FIXED_KEYS = [
  'name',
  'port',
  'host',
  'listen',
  'socketMode',
  'mode',
  'httpEngine',
  'backend',
  'transport',
  'pidFile',
  'admin',
  'adminTokenFile',
  'logFormat',
  'logFile',
  'logFileSize',
  'logFiles',
  'accessLog',
  'watch',
] as const;

/** @throws {ZdlbError} `config`, naming the settings in which `next` differs where it may not */
export function assertFollows(next: Config, running: Config): void {
  const changed = FIXED_KEYS.filter((key) => !isDeepStrictEqual(next[key], running[key]));
  if (changed.length > 0)
    throw new ZdlbError('config', `${changed.join(', ')} can't change while zdlb runs. Stop it and start it again`);
}
