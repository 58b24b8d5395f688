import { Chronicle } from '../control/chronicle.js';
import { AdminDoor } from '../instance/admin-door.js';
import { ControlSocket } from '../instance/control-socket.js';
import { exhibitOf } from '../instance/exhibit.js';
import { instanceName } from '../instance/instance-name.js';
import { Notifier } from '../systemd/notifier.js';
import { takePassedSockets } from '../systemd/passed-sockets.js';
import { openLog } from './log.js';
import { parseCommandLine, readConfig } from './options.js';
import { Session } from './session.js';

/** `zdlb [run] [options] <script>` or `-- <command>`: starts the front; ends with exit code 0 when it was stopped as asked. */
export async function run(argv: readonly string[], takeEarlyReload: () => boolean): Promise<number> {
  const commandLine = parseCommandLine(argv);
  if ('print' in commandLine) {
    process.stdout.write(`${commandLine.print}\n`);
    return 0;
  }
  const passed = takePassedSockets();
  const first = readConfig(commandLine, process.env, passed);
  const chronicle = new Chronicle();
  const control = await ControlSocket.open(instanceName(first), first.name !== undefined, chronicle);
  const { name } = control;
  const read = () => {
    const config = readConfig(commandLine, process.env, passed);
    return { ...config, name: config.name ?? name };
  };
  const config = { ...first, name };
  const log = await openLog(config, name, chronicle);
  const notifier = process.env['NOTIFY_SOCKET'] ? new Notifier(process.env, log.journal) : undefined;
  if (notifier !== undefined) log.tell((entry) => notifier.hear(entry));
  let admin: AdminDoor | undefined;
  try {
    admin = await AdminDoor.open(config, log.journal);
    const session = new Session(config, log, read, passed);
    const desk = session.desk(name);
    control.serve(desk);
    admin?.serve(exhibitOf(desk, chronicle));
    if (control.missing !== undefined) log.journal.warn({ event: 'control.missing' }, control.missing);
    await session.run(takeEarlyReload);
    return 0;
  } finally {
    admin?.close();
    control.close();
    await notifier?.close();
    await log.close();
  }
}
