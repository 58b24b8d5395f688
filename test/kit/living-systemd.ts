import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { temporaryFolder } from './folder.ts';
import { atEnd } from './lifetime.ts';
import { processTable } from './process-table.ts';
import { type Outcome, outcomeOf } from './verb.ts';

const PROGRAM = '/lib/systemd/systemd';
/** What every service and socket depends on, without what an operating system does there. */
const TARGETS = ['default', 'sysinit', 'basic', 'shutdown', 'sockets', 'network-online'];

/** Namespaces of processes, mounts and control groups; the first process in there gets SIGKILL when `unshare` ends, and so do all. */
const UNSHARE = ['--pid', '--mount', '--cgroup', '--fork', '--mount-proc', '--kill-child'];
/** The first argument is the program, behind it come its own. */
const BEGIN = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec "$@"`;

/** Where version 2 of the control groups is to be found. */
const groups = readFileSync('/proc/self/mounts', 'utf8')
  .split('\n')
  .map((line) => line.split(' '))
  .find(([, , type]) => type === 'cgroup2')?.[1];

const canUnshare = (): boolean => spawnSync('unshare', [...UNSHARE, 'sh', '-ec', BEGIN, 'sh', 'true']).status === 0;

/** Whether a systemd can be started beside what runs on this machine. */
export const canLive = process.getuid?.() === 0 && existsSync(PROGRAM) && groups !== undefined && canUnshare();

/** Stands in the name of a test that is left out. */
export const WITHOUT_LIVING = canLive ? '' : ' (left out: it takes systemd, root, and namespaces with control groups)';

/**
 * A systemd that runs as the first process of namespaces of its own, with the units of a folder and no others. Its services
 * share the machine's files (but for /run) and its network; all of them end with the test.
 */
export class LivingSystemd {
  /** Where its units are. */
  readonly units: string;
  readonly #pid: number;

  private constructor(units: string, pid: number) {
    this.units = units;
    this.#pid = pid;
  }

  static async boot(): Promise<LivingSystemd> {
    const units = temporaryFolder();
    for (const name of TARGETS) writeFileSync(join(units, `${name}.target`), '[Unit]\n');
    const group = join(groups!, `zdlb-test-${process.pid}`);
    mkdirSync(group);
    const begin = `echo $$ > ${group}/cgroup.procs; exec unshare ${UNSHARE.join(' ')} sh -ec "$0" sh "$@"`;
    const args = ['-ec', begin, BEGIN, PROGRAM, '--system', '--log-target=null', '--show-status=no'];
    const env = { PATH: process.env['PATH'], container: 'other', SYSTEMD_UNIT_PATH: units };
    const outer = spawn('sh', args, { env, stdio: 'ignore', detached: true });
    atEnd(async () => {
      outer.kill('SIGKILL');
      await expect.poll(() => removeGroup(group), { timeout: 5_000 }).toBe(true);
    });
    const child = () => processTable().find(({ parent }) => parent === outer.pid)?.pid;
    await expect.poll(child, { timeout: 5_000 }).toBeDefined();
    const systemd = new LivingSystemd(units, child()!);
    const howItIs = async () => (await systemd.control('is-system-running')).stdout;
    await expect.poll(howItIs, { timeout: 10_000 }).toMatch(/^(running|degraded)$/m);
    return systemd;
  }

  /** Runs `systemctl`: what it prints, and how it ends. */
  async control(...args: readonly string[]): Promise<Outcome> {
    return this.run('systemctl', '--no-pager', ...args);
  }

  /** A property of a unit, as `systemctl show` has it. */
  async show(unit: string, property: string): Promise<string> {
    const { stdout } = await this.control('show', '--property', property, '--value', unit);
    return stdout.trimEnd();
  }

  /** Sends a signal to a process by its number in there. */
  async signal(pid: string, signal: string): Promise<void> {
    await this.run('kill', '-s', signal, pid);
  }

  /** Runs a command in there. */
  async run(...command: readonly string[]): Promise<Outcome> {
    const args = ['--target', String(this.#pid), '--pid', '--mount', '--cgroup', ...command];
    return outcomeOf('nsenter', args);
  }
}

/** False while processes of it are still ending. */
function removeGroup(path: string): boolean {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    for (const entry of entries) if (entry.isDirectory() && !removeGroup(join(path, entry.name))) return false;
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
