import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { childrenOf } from '../../bench/process-time.js';

const BENCH = fileURLToPath(new URL('../../bench/bench.js', import.meta.url));

/** Each run of it takes both cores for some seconds, so `npm test` has one. */
const IS_WHOLE = process.env['ZDLB_TEST_BENCH'] === 'all';

const LEFT = ' (left to npm run test:matrix)';

let running: ChildProcess | undefined;

afterEach(async () => {
  if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
  running.kill('SIGTERM');
  await once(running, 'exit');
});

function bench(...options: readonly string[]) {
  const child = spawn(process.execPath, [BENCH, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  running = child;
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const progress = createInterface({ input: child.stderr });
  const said: string[] = [];
  progress.on('line', (line) => said.push(line));
  const exited = once(child, 'close').then(([code]) => ({ code, printed, said: said.join('\n') }));
  return { child, progress, exited };
}

/** Resolves when counting has begun. */
async function begun(progress: Interface): Promise<void> {
  for (let line = ''; !line.startsWith('get-64');) [line] = await once(progress, 'line');
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')); // whoever inherits it may not reap it
  } catch {
    return false;
  }
}

describe.runIf(process.platform === 'linux')('npm run bench', () => {
  test('measures zdlb, tells what it cost, and where the targets stand', { timeout: 60_000 }, async () => {
    const { exited } = bench('--quick', '--only', 'zdlb', '--loads', 'get-64');
    const { code, printed, said } = await exited;
    expect(said).not.toContain('bench:');
    expect(code).toBe(0);
    const [, perSecond, , , cpu] = /^\| zdlb .*$/m.exec(printed)![0].split('|').slice(1);
    expect(Number(perSecond!.replaceAll(',', ''))).toBeGreaterThan(100);
    expect(Number(cpu)).toBeGreaterThan(1);
    expect(printed).toMatch(/nginx and HAProxy .* not measured/);
  });

  test.runIf(IS_WHOLE)(`takes everything along when it is interrupted${IS_WHOLE ? '' : LEFT}`, async () => {
    const { child, progress, exited } = bench('--quick', '--only', 'zdlb', '--loads', 'get-64');
    await begun(progress);
    const children = childrenOf(child.pid!, process.execPath);
    const all = [...children, ...children.flatMap((pid) => childrenOf(pid, process.execPath))];
    expect(all).toHaveLength(4); // the clients, zdlb and its workers
    child.kill('SIGINT');
    expect(await exited).toMatchObject({ code: 1, said: expect.stringContaining('ended by SIGINT') });
    expect(all.filter((pid) => isAlive(pid))).toEqual([]);
  });

  test('ends with exit code 1 and says who failed', async () => {
    const { child, progress, exited } = bench('--quick', '--only', 'zdlb', '--loads', 'get-64');
    await begun(progress);
    const zdlb = childrenOf(child.pid!, process.execPath).find((pid) => childrenOf(pid, process.execPath).length > 0);
    process.kill(zdlb!, 'SIGKILL');
    expect(await exited).toMatchObject({ code: 1, said: expect.stringMatching(/^bench: zdlb, get-64: /m) });
  });

  test.each([['--only', 'nobody'], ['--rounds', '0'], ['--load', 'siege'], ['--quick', '--write'], ['--unknown']])(
    'ends with exit code 2 on %s %s',
    async (...options) => {
      const { code, said } = await bench(...options).exited;
      expect(said).toContain('npm run bench -- [options]');
      expect(code).toBe(2);
    },
  );
});
