import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { BIN } from './bin.ts';
import { temporaryFolder } from './folder.ts';
import { type Entry, Front, newHome } from './front.ts';

const PROGRAM = fileURLToPath(new URL('service-manager.py', import.meta.url));

/** A service as systemd would be told. */
export interface Service {
  /** Options of zdlb, and what it runs. */
  readonly args: readonly string[];
  readonly sockets?: readonly (
    { readonly host: string; readonly port: number; readonly ipv6Only?: boolean } | { readonly path: string }
  )[];
  /** LISTEN_FDNAMES. */
  readonly names?: readonly string[];
  /** Whom the sockets are said to be for; the front itself, if absent. */
  readonly owner?: string;
  /** Whether it may say how it is. */
  readonly isHeard?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** What systemd does for a service, in a few lines of Python; needs `hasPython`. Its log is that of the fronts that it starts. */
export class ServiceManager extends Front {
  /** Binds the sockets and starts nothing. */
  static async of({ args, env = {}, names, isHeard = false, ...rest }: Service): Promise<ServiceManager> {
    const { PATH, HOME } = process.env;
    const home = newHome();
    const inbox = join(temporaryFolder(), 'inbox');
    const service = {
      sockets: [],
      ...rest,
      command: [process.execPath, ...BIN, '--log-format', 'json', ...args],
      env: {
        ...env,
        ...(names !== undefined && { LISTEN_FDNAMES: names.join(':') }),
        ...(isHeard && { NOTIFY_SOCKET: inbox }),
      },
      ...(isHeard && { inbox }),
    };
    const child = spawn('python3', [PROGRAM, JSON.stringify(service)], {
      env: { PATH, HOME, ZDLB_HOME: home },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const manager = new ServiceManager(child, home);
    onTestFinished(() => manager.kill());
    await manager.event('bound');
    return manager;
  }

  /** What the front has said of itself so far. */
  get notices(): readonly string[] {
    return this.entries.filter(({ event }) => event === 'notified').map((entry) => String(entry['message']));
  }

  /** Starts the service; resolves with the front's process id when it serves. */
  async startService(): Promise<number> {
    const since = this.mark();
    this.begin();
    return Number((await this.event('serving', undefined, since))['pid']);
  }

  /** Starts the service and waits for nothing. */
  begin(): void {
    this.child.stdin!.write('\n');
  }

  /** Ends the service with a signal; resolves with what became of it. */
  async stopService(pid: number): Promise<Entry> {
    const since = this.mark();
    process.kill(pid, 'SIGTERM');
    return this.event('exited', undefined, since);
  }

  /** Resolves when the front has said something in which `text` stands. */
  async notice(text: string, since = 0): Promise<string> {
    return String((await this.event('notified', ({ message }) => String(message).includes(text), since))['message']);
  }
}
