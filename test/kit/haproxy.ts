import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Whether HAProxy is installed; tests with the real one can say nothing without. */
export const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0;

/** Stands in the name of a test that is left out. */
export const WITHOUT_HAPROXY = hasHaproxy ? '' : ' (left out: HAProxy is not installed here)';

const DEFAULTS = `
defaults
  timeout connect 5s
  timeout client 10s
  timeout server 10s
`;

/** A folder with a configuration of HAProxy's in it; removed with the test. */
export async function haproxyFolder(configuration: (folder: string) => string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zdlb-haproxy-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'haproxy.cfg'), `${DEFAULTS}${configuration(folder)}`);
  return folder;
}

/** Starts HAProxy; resolves when it accepts connections on `ports`. It is ended with the test. */
export async function startHaproxy(folder: string, ports: readonly number[]): Promise<void> {
  const child = spawn('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (text) => (said += String(text)));
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  const failed = exited.then(() => {
    throw new Error(`HAProxy exited: ${said}`);
  });
  await Promise.race([Promise.all(ports.map(accepts)), failed]);
}

async function accepts(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ port, host: 'localhost' });
    const isOpen = await new Promise((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    );
    socket.destroy();
    if (isOpen === true) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
