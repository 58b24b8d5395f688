import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../fixtures/slow-clients.cjs', import.meta.url));

/** What became of them: how often each status came (or `none`), and how the connection ended, such as `408 fin`. */
export type Endings = Readonly<Record<string, number>>;

/** Clients that send a request head byte by byte and never finish it, in a process of their own. */
export class SlowClients {
  readonly #child: ChildProcess;
  /** Resolves when the other side has ended the last connection. */
  readonly ended: Promise<Endings>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = said<Endings>(child);
    this.ended.catch(() => {}); // they may leave before
  }

  /** Connects `count` of them; resolves when each has begun its head. They go with the test. */
  static async connect(port: number, count: number): Promise<SlowClients> {
    const child = fork(PROGRAM, [String(port), String(count)], { execArgv: [] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await said(child);
    return new SlowClients(child);
  }

  /** Lets all of them go away at once. */
  async leave(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** The next message of a process, which must not exit before. */
async function said<T>(child: ChildProcess): Promise<T> {
  const over = new AbortController();
  const { signal } = over;
  const exit = async (): Promise<never> => {
    const [code, end] = await once(child, 'exit', { signal });
    throw new Error(`The slow clients ended with ${code ?? end}`);
  };
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), exit()]);
    return message as T;
  } finally {
    over.abort();
  }
}
