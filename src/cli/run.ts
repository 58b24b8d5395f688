import { resolve } from 'node:path';
import { Chronicle } from '../control/chronicle.js';
import type { Config } from '../core/config.js';
import { exitCode } from '../core/errors.js';
import { AdminDoor } from '../instance/admin-door.js';
import { ControlSocket } from '../instance/control-socket.js';
import { exhibitOf } from '../instance/exhibit.js';
import { instanceName } from '../instance/instance-name.js';
import { startFolder } from '../supervisor/start-folder.js';
import { Notifier } from '../systemd/notifier.js';
import { takePassedSockets } from '../systemd/passed-sockets.js';
import { type Log, openLog } from './log.js';
import { type CommandLine, parseCommandLine, readConfig } from './options.js';
import { say } from './say.js';
import { Session } from './session.js';
import { Starter, defaultLogFile } from './starter.js';

/** `zdlb [run] [options] <script>` or `-- <command>`: starts the front; ends with exit code 0 when it was stopped as asked. */
export async function run(argv: readonly string[], takeEarlyReload: () => boolean): Promise<number> {
  const commandLine = parseCommandLine(argv);
  if ('print' in commandLine) return say(commandLine.print);
  const starter = Starter.take();
  try {
    return await serve(commandLine, takeEarlyReload, starter);
  } catch (error) {
    if (await starter?.failed(error)) return exitCode(error);
    throw error;
  }
}

async function serve(
  commandLine: Exclude<CommandLine, { print: string }>,
  takeEarlyReload: () => boolean,
  starter: Starter | undefined,
): Promise<number> {
  const { sockets: passed, heir } = takePassedSockets();
  const first = readConfig(commandLine, process.env, passed);
  const chronicle = new Chronicle();
  const control = await ControlSocket.open(instanceName(first), first.name !== undefined, chronicle);
  const { name } = control;
  const complete = (config: Config) => ({
    ...config,
    name: config.name ?? name,
    ...(starter !== undefined && { logFile: config.logFile ?? defaultLogFile(name) }),
  });
  const config = { ...complete(first), name };
  let [log, notifier, admin]: [Log?, Notifier?, AdminDoor?] = [];
  try {
    log = await openLog(config, name, chronicle);
    notifier = notifierOf(log);
    tellStarter(log, starter, config);
    admin = await AdminDoor.open(config, log.journal);
    const readAnew = () => {
      admin?.renew(); // also where the configuration has mistakes: a token that has leaked is to be let go of
      return complete(readConfig(commandLine, process.env, passed));
    };
    const session = new Session(config, log, readAnew, passed);
    const desk = session.desk(name);
    control.serve(desk);
    admin?.serve(exhibitOf(desk, chronicle));
    tellLacks(log, heir, control.missing);
    await session.run(takeEarlyReload);
    return 0;
  } finally {
    admin?.close();
    control.close();
    await notifier?.close();
    await log?.close();
  }
}

/** What it serves without, though it was to have it. */
function tellLacks({ journal }: Log, heir: string | undefined, missing: string | undefined): void {
  const message = `Sockets were passed on to process ${heir}, and this is ${process.pid}: they are not used. Let a shell in between exec zdlb`;
  if (heir !== undefined) journal.warn({ event: 'socket.foreign', heir }, message);
  if (missing !== undefined) journal.warn({ event: 'control.missing' }, missing);
}

function notifierOf(log: Log): Notifier | undefined {
  if (!process.env['NOTIFY_SOCKET']) return undefined;
  const notifier = new Notifier(process.env, log.journal);
  log.tell((entry) => notifier.hear(entry));
  return notifier;
}

function tellStarter(log: Log, starter: Starter | undefined, { name = '', logFile = '' }: Config): void {
  starter?.logsTo(resolve(startFolder, logFile));
  log.tell(({ event, workers }) => {
    if (event === 'serving') void starter?.serving(name, Number(workers));
  });
}
