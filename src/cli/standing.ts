import type { Config } from '../core/config.js';
import type { Journal } from '../core/journal.js';

/** Says once what follows from being the process that zdlb is: the first one of a container, or root's. */
export function tellStanding(
  journal: Journal,
  { user }: Pick<Config, 'user'>,
  { pid, getuid }: Pick<NodeJS.Process, 'pid' | 'getuid'> = process,
): void {
  if (pid === 1) {
    const message =
      'Running as process 1: signals are obeyed, but what orphans leave behind is not reaped. docker run --init, or tini, would';
    journal.info({ event: 'process.first' }, message);
  }
  if (user === undefined && getuid?.() === 0)
    journal.info({ event: 'process.root' }, 'Running as root, and so do the workers: --user names somebody else');
}
