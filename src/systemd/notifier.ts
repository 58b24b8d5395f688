import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { withinTime } from '../core/deadline.js';
import { messageOf, systemCode } from '../core/errors.js';
import type { Entry, Journal } from '../core/journal.js';
import { type Notice, noticeOf } from './notices.js';

const COMMAND = 'systemd-notify';
/** How long one message may take to be taken; the command waits for the manager to have read it. */
const SEND_MS = 10_000;
/** Messages that wait; beyond that the oldest is left out, since the latest tells how things are. */
const MAX_WAITING = 8;
/** How long the end waits for what has not been sent. */
const CLOSE_MS = 1_000;
const MICROSECONDS = 1_000;
/** The longest that Node keeps (ms). */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Tells a service manager how this process is, through its own command: Node has no Unix datagram sockets. One message at a time, in
 * order, and nothing waits for it.
 */
export class Notifier {
  readonly #env: NodeJS.ProcessEnv;
  readonly #journal: Journal;
  readonly #waiting: Notice[] = [];
  #sending: Promise<void> | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #isStopping = false;
  #hasFailed = false;

  constructor(env: NodeJS.ProcessEnv, journal: Journal) {
    this.#env = env;
    this.#journal = journal;
  }

  /** Tells what an entry of the log means for the service. */
  hear(entry: Entry): void {
    const notice = this.#isStopping ? undefined : noticeOf(entry);
    if (notice === undefined) return;
    this.#isStopping = entry.event === 'stopping';
    this.#send(notice);
    if (entry.event === 'serving') this.#keepWatchdog();
  }

  /** Resolves when all has been sent, or in a second. */
  async close(): Promise<void> {
    clearInterval(this.#watchdog);
    await withinTime(CLOSE_MS, this.#sending ?? Promise.resolve());
  }

  /** Twice within the time after which the manager would take this process for dead (`WatchdogSec=`). */
  #keepWatchdog(): void {
    const { WATCHDOG_USEC: microseconds = '', WATCHDOG_PID: owner = String(process.pid) } = this.#env;
    if (!/^[1-9]\d{0,14}$/.test(microseconds) || owner !== String(process.pid)) return;
    const beat = () => void (this.#waiting.length === 0 && this.#send(['WATCHDOG=1']));
    this.#watchdog = setInterval(
      beat,
      Math.min(LONGEST_TIMER, Math.ceil(Number(microseconds) / MICROSECONDS / 2)),
    ).unref();
  }

  #send(notice: Notice): void {
    this.#waiting.push(notice);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    this.#sending ??= this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    for (let notice = this.#waiting.shift(); notice !== undefined; notice = this.#waiting.shift())
      await this.#run(notice).catch((error: unknown) => this.#fail(error));
    this.#sending = undefined;
  }

  async #run(notice: Notice): Promise<void> {
    const { PATH, NOTIFY_SOCKET } = this.#env;
    const child = spawn(COMMAND, notice, { env: { PATH, NOTIFY_SOCKET }, stdio: 'ignore', timeout: SEND_MS });
    child.unref();
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`it ended with ${code ?? 'a signal'}`);
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const reason = systemCode(error) === 'ENOENT' ? 'there is no such command in PATH' : messageOf(error);
    const message = `Cannot tell the service manager through ${COMMAND}: ${reason}. A unit of Type=notify waits for it`;
    this.#journal.warn({ event: 'notify.failed', reason }, message);
  }
}
