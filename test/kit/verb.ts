import { type ChildProcess, type ExecFileOptionsWithStringEncoding, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { BIN } from './bin.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `zdlb` with `args`, for what it prints while it runs; it is ended with the test. */
export function startVerb(args: readonly string[], { home }: { home: string }): ChildProcess {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [...BIN, ...args], { env: { PATH, HOME, ZDLB_HOME: home } });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Where, and as whom, a verb is carried out. */
export interface Where {
  readonly cwd?: string;
  readonly home?: string;
  readonly uid?: number;
}

/** Runs `zdlb` with `args`: what it prints, and how it ends. */
export async function zdlb(args: readonly string[], where: Where = {}): Promise<Outcome> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...(where.home !== undefined && { ZDLB_HOME: where.home }) };
  const options = {
    env,
    encoding: 'utf8',
    ...(where.cwd !== undefined && { cwd: where.cwd }),
    ...(where.uid !== undefined && { uid: where.uid, gid: where.uid }),
  } as const;
  return outcomeOf(process.execPath, [...BIN, ...args], options);
}

/** Runs a command: what it prints, and how it ends. */
export async function outcomeOf(
  command: string,
  args: readonly string[],
  options: ExecFileOptionsWithStringEncoding = { encoding: 'utf8' },
): Promise<Outcome> {
  return promisify(execFile)(command, args, options).then(
    (printed) => ({ code: 0, ...printed }),
    ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
  );
}
