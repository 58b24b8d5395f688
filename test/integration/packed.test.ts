import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const MODULES = resolve('node_modules');
const TSC = join(MODULES, '.bin', 'tsc');

/** What a program in TypeScript may write, and, behind each `@ts-expect-error`, what its compiler has to refuse. */
const CONSUMER = `
import { once } from 'node:events';
import { type Instance, type Options, type Status, WorkerFailure, ZdlbError, start } from 'zdlb';

export const options: Options = {
  script: 'server.js', port: 8000, workers: 'max', drainTimeout: '30s', killTimeout: '1.5s', holdTimeout: 0, maxMemory: '300M',
  maxConnections: 'off', watchWindow: 'off', nodeArgs: '--enable-source-maps', listen: [':8000'], trustProxy: ['10.0.0.0/8'],
  requestId: true, socketMode: '660', maxBodySize: 1024, stopSignal: 'SIGTERM', control: true, logger: console,
};
// @ts-expect-error a duration has a unit
export const milliseconds: Options = { drainTimeout: 30 };
// @ts-expect-error no such mode
export const mode: Options = { mode: 'udp' };
// @ts-expect-error no such option
export const unknown: Options = { scrpt: 'server.js' };
// @ts-expect-error neither a number nor off
export const bound: Options = { maxInFlight: 'of' };
// @ts-expect-error neither a size nor off
export const size: Options = { maxMemory: '300 MB' };

export async function use(): Promise<void> {
  const instance: Instance = start(options);
  instance.on('reload.done', ({ generation, durationMs }) => generation + durationMs);
  instance.on('reload.failed', ({ lastLines, message }) => lastLines.join(message));
  instance.on('entry', ({ event, level }) => event + level);
  // @ts-expect-error no such event
  instance.on('reload.dnoe', () => {});
  // @ts-expect-error no such field
  instance.on('reload.done', ({ reason }) => reason);
  await once(instance, 'serving');
  await instance.ready;
  const status: Status = await instance.status();
  const pid: number | undefined = status.workers[0]?.pid;
  await instance.scale('+1');
  // @ts-expect-error neither a number nor a change
  await instance.scale('many');
  try {
    const { generation }: { generation: number } = await instance.reload({ ...options, workers: pid ?? 2 });
    await instance.scale(generation);
  } catch (error) {
    if (error instanceof WorkerFailure) error.lastLines.join();
    if (error instanceof ZdlbError && error.code === 'busy') await instance.rollback();
  }
  await instance.stop();
}
`;

let folder: string;

/** The package as the registry would have it, beside its dependencies, in a project of its own. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zdlb-packed-'));
  const installed = join(folder, 'node_modules', 'zdlb');
  mkdirSync(installed, { recursive: true });
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
  await run('sh', ['-c', 'tar -xzf zdlb-*.tgz -C node_modules/zdlb --strip-components 1'], { cwd: folder });
  symlinkSync(MODULES, join(installed, 'node_modules'));
  symlinkSync(join(MODULES, '@types'), join(folder, 'node_modules', '@types'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return () => rmSync(folder, { recursive: true });
});

test('a program that is written in TypeScript is held to the types of the packed package', async () => {
  writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
  const options = ['--strict', '--noEmit', '--module', 'node20', '--target', 'es2023', '--types', 'node'];
  const { stdout } = await run(process.execPath, [TSC, ...options, 'consumer.ts'], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});

const node = async (...args: readonly string[]) => (await run(process.execPath, args, { cwd: folder })).stdout;
const print = (how: string) => `${how}; console.log(typeof start, version)`;

test('the packed package runs, by import, by require, and by its command', async () => {
  const told = await node('--input-type=module', '-e', print("import { start, version } from 'zdlb'"));
  expect(told).toMatch(/^function \d/);
  expect(await node('--input-type=commonjs', '-e', print("const { start, version } = require('zdlb')"))).toBe(told);
  expect(`function ${await node('node_modules/zdlb/bin/zdlb.js', '--version')}`).toBe(told);
});
