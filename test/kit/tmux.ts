import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { BIN } from './bin.ts';
import { atEnd } from './lifetime.ts';

const APPEAR_MS = 15_000;
const LOOK_MS = 30;

/** Whether there is a tmux, to be a terminal. */
export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

/** Stands in the name of a test that is left out. */
export const WITHOUT_TMUX = hasTmux ? '' : ' (left out: there is no tmux here)';

/** A terminal of 80 × 24 in which a shell runs, with `zdlb` among its commands. It ends with its test. */
export class Terminal {
  readonly #socket: string;
  #commands = 0;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** @param home the folder of control sockets */
  static async open(home: string): Promise<Terminal> {
    const folder = mkdtempSync(join(tmpdir(), 'zdlb-tmux-'));
    const terminal = new Terminal(join(folder, 'socket'));
    const shell = `env -i PATH=${dirname(process.execPath)}:/usr/bin:/bin TERM=screen ZDLB_HOME=${home} PS1='$ ' sh`;
    await terminal.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '24', shell);
    atEnd(async () => {
      await terminal.#tmux('kill-server');
      rmSync(folder, { recursive: true });
    });
    await terminal.shows(/^\$/);
    await terminal.run(`zdlb() { node ${BIN.join(' ')} "$@"; }`);
    return terminal;
  }

  /** Carries out a command on a screen that is clear, and resolves with what stands there, and its exit code, once it has ended. */
  async run(command: string): Promise<{ readonly screen: string; readonly code: number }> {
    await this.type(command);
    return this.ended();
  }

  /** Types a command on a screen that is clear; see {@link ended}. */
  async type(command: string): Promise<void> {
    await this.#tmux('send-keys', '-R'); // at once: what stood there until now is not to be taken for what is to come
    // The next prompt tells of the end, and how it was.
    await this.#tmux('send-keys', '-l', `clear; ${command}; PS1="[${++this.#commands} $?] "`);
    await this.press('Enter');
  }

  /** Resolves when the command that was typed last has ended. */
  async ended(): Promise<{ readonly screen: string; readonly code: number }> {
    const prompt = new RegExp(`(?:^|\\n)\\[${this.#commands} (\\d+)\\]$`);
    const screen = await this.shows(prompt);
    return { screen: screen.replace(prompt, ''), code: Number(prompt.exec(screen)![1]) };
  }

  /** Presses a key by its name: `Enter`, `C-c`. */
  async press(key: string): Promise<void> {
    await this.#tmux('send-keys', key);
  }

  /** The screen, once it shows that. */
  async shows(what: RegExp): Promise<string> {
    const deadline = performance.now() + APPEAR_MS;
    for (;;) {
      const screen = await this.screen();
      if (what.test(screen)) return screen;
      if (performance.now() > deadline) throw new Error(`No ${what} within ${APPEAR_MS} ms on the screen:\n${screen}`);
      await pause(LOOK_MS); // a terminal tells nobody that something has appeared on it
    }
  }

  /** What stands on the screen, without empty lines at its end; with `isColored` in its colours. */
  async screen(isColored = false): Promise<string> {
    return (await this.#tmux('capture-pane', '-p', ...(isColored ? ['-e'] : []))).trimEnd();
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('tmux', ['-S', this.#socket, ...args]);
    return stdout;
  }
}
