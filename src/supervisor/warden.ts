import { spawn, type ChildProcess } from 'node:child_process';
import { messageOf } from '../core/errors.js';
import type { Journal } from '../core/journal.js';
import { Lifecycle, type Moves } from '../core/lifecycle.js';

/**
 * Builtins only, so that it needs no PATH and still works when no process can be started any more. It has to outlive
 * everything that is aimed at zdlb as a whole (Ctrl-C, a closing terminal, a service manager's SIGTERM to all).
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM USR1 USR2 ALRM PIPE
groups=' '
while read -r verb group; do
  case $verb in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
exit 0
`;

/** A shell that ends this soon is not started anew at once: something kills it, or it can't run here. */
const RESTART_DELAY_MS = 1_000;

/**
 *     idle -> watching <-> lost
 *     idle, watching, lost -> closed
 */
type WardenState = 'idle' | 'watching' | 'lost' | 'closed';

const MOVES: Moves<WardenState> = {
  idle: ['watching', 'closed'],
  watching: ['lost', 'closed'],
  lost: ['watching', 'closed'],
  closed: [],
};

/**
 * One tiny process that is told every worker's process group over a pipe. When the pipe closes, because the front has ended in
 * whatever way, it kills the groups that are left: also a worker whose event loop is blocked, and one without an agent.
 */
export class Warden {
  readonly #lifecycle = new Lifecycle<WardenState>('The warden', 'idle', MOVES);
  readonly #groups = new Set<number>();
  readonly #journal: Journal;
  #shell: ChildProcess | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** The shell's process id, while there is one. */
  get pid(): number | undefined {
    return this.#lifecycle.is('watching') ? this.#shell?.pid : undefined;
  }

  /** Must be called in the tick in which the group's leader was started, so that no front dies in between. */
  add(group: number): void {
    this.#groups.add(group);
    if (this.#lifecycle.is('idle')) this.#watch();
    else this.#tell(`+ ${group}\n`);
  }

  remove(group: number): void {
    if (this.#groups.delete(group)) this.#tell(`- ${group}\n`);
  }

  /** Resolves when the shell has ended. Groups that are still registered are killed. */
  async close(): Promise<void> {
    const shell = this.#lifecycle.is('watching') ? this.#shell : undefined;
    if (this.#lifecycle.can('closed')) this.#lifecycle.to('closed');
    if (shell === undefined) return;
    await new Promise<void>((resolve) => {
      shell.once('exit', () => resolve());
      shell.ref();
      shell.stdin?.end();
    });
  }

  #tell(line: string): void {
    if (this.#lifecycle.is('watching')) this.#shell?.stdin?.write(line);
  }

  #watch(): void {
    this.#lifecycle.to('watching');
    try {
      // Not in the front's folder, which may be on a file system that is to be unmounted; not with its terminal. The script
      // is in a variable, so that a list of processes shows a short line, and what it is.
      const shell = spawn('/bin/sh', ['-c', 'eval "$SCRIPT"', 'zdlb-warden'], {
        cwd: '/',
        env: { SCRIPT },
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      this.#shell = shell;
      this.#follow(shell);
    } catch (error) {
      this.#unavailable(messageOf(error));
    }
    for (const group of this.#groups) this.#tell(`+ ${group}\n`);
  }

  #follow(shell: ChildProcess): void {
    const started = performance.now();
    shell.unref();
    shell.stdin?.on('error', () => {}); // EPIPE: its exit is reported as well
    (shell.stdin as { unref?: () => void } | null)?.unref?.();
    shell.once('error', (error) => this.#unavailable(error.message));
    shell.once('exit', () => this.#lost(performance.now() - started));
  }

  #lost(aliveMs: number): void {
    if (!this.#lifecycle.is('watching')) return;
    this.#lifecycle.to('lost');
    this.#journal.warn({ event: 'warden.lost' }, 'The warden has ended unexpectedly and is started anew');
    if (aliveMs >= RESTART_DELAY_MS) this.#watch();
    else this.#lifecycle.after(RESTART_DELAY_MS, () => this.#watch());
  }

  /** Every worker with an agent still ends itself when the front is gone. */
  #unavailable(reason: string): void {
    if (!this.#lifecycle.is('watching')) return;
    this.#lifecycle.to('lost');
    this.#journal.warn(
      { event: 'warden.lost', reason },
      `Cannot start the warden: ${reason}. Should zdlb be killed, a worker whose event loop is blocked would be left behind`,
    );
  }
}
