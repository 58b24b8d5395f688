import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { counted } from '../core/counted.js';
import { ZdlbError } from '../core/errors.js';
import { instanceName } from '../instance/instance-name.js';
import { startFolder } from '../supervisor/start-folder.js';
import { parseCommandLine, readConfig } from './options.js';
import { complaint, say } from './say.js';
import { openLogFile } from './rotated-log.js';
import { type Failed, IN_BACKGROUND, type Serving, type Word, defaultLogFile } from './starter.js';

const ZDLB = fileURLToPath(new URL('../../bin/zdlb.js', import.meta.url));
/** What belongs to the process that a service manager has started, which this one is, and not the one in the background. */
const NOT_INHERITED = /^(?:LISTEN_(?:FDS|PID|PIDFDID|FDNAMES)|NOTIFY_SOCKET|WATCHDOG_(?:PID|USEC))$/;
const STOPPED = 1;
const USAGE = `zdlb start [options] <script> [arguments of the script]
zdlb start [options] --port N -- <command> [arguments]

The same as zdlb run, in the background: returns when it serves, or says why it
does not. Its log goes into a file: --log-file, or one that it names.`;

/**
 * `zdlb start [options] <script>`: the same as `run`, in the background, with its log in a file; returns when it serves.
 *
 * @returns 0 when it serves, else the exit code that `run` ends with
 */
export async function start(argv: readonly string[]): Promise<number> {
  const commandLine = parseCommandLine(argv, USAGE);
  if ('print' in commandLine) return say(commandLine.print);
  const config = readConfig(commandLine, process.env);
  const opened = resolve(startFolder, config.logFile ?? defaultLogFile(instanceName(config)));
  const front = spawnFront(argv, openLogFile(opened));
  // Ctrl-C reaches this process alone: the other one leads a session of its own.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => front.kill('SIGTERM'));
  const word = await wordOf(front);
  const { logFile = opened } = word ?? {};
  if (word !== undefined && 'name' in word) return greet(word, front.pid!, logFile);
  return complain(word, await exitCodeOf(front), logFile);
}

function spawnFront(argv: readonly string[], log: number): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  return spawn(process.execPath, [...process.execArgv, '--', ZDLB, 'run', ...argv], {
    detached: true,
    env: { ...Object.fromEntries(inherited), [IN_BACKGROUND]: 'yes' },
    // What it prints beside its log, which is at the most why it broke down, stands in the log too.
    stdio: ['ignore', log, log, 'ipc'],
  });
}

/** What it says; undefined when it has ended without a word. */
async function wordOf(front: ChildProcess): Promise<Word | undefined> {
  const ended = new AbortController();
  front.once('exit', () => ended.abort());
  front.once('error', (error) => ended.abort(error)); // it could not be started
  try {
    const [word] = (await once(front, 'message', { signal: ended.signal })) as [Word];
    return word;
  } catch {
    return undefined;
  }
}

async function exitCodeOf(front: ChildProcess): Promise<number | null> {
  if (front.exitCode === null && front.signalCode === null && front.pid !== undefined) await once(front, 'exit');
  return front.exitCode;
}

function greet({ name, workers }: Serving, pid: number, logFile: string): number {
  const lines = [
    `${name} serves with ${counted(workers, 'worker')}, pid ${pid}, log in ${logFile}`,
    `  what it does  zdlb status --name ${name}`,
    `  new code      zdlb reload --name ${name}`,
    `  its log       zdlb logs -f --name ${name}`,
    `  stop          zdlb stop --name ${name}`,
  ];
  return say(lines.join('\n'));
}

function complain(word: Failed | undefined, code: number | null, logFile: string): number {
  if (code === 0) throw new ZdlbError('stopping', 'It was stopped before it served');
  const { message, lastLines } = word ?? { message: 'It ended before it served, without a word', lastLines: [] };
  const lines = [...complaint(message, lastLines), `The whole log is in ${logFile}`, ''];
  process.stderr.write(lines.join('\n'));
  return code ?? STOPPED;
}
