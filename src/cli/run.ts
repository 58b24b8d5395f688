import { instanceName } from './instance-name.js';
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
  const first = readConfig(commandLine, process.env);
  const name = instanceName(first);
  const read = () => {
    const config = readConfig(commandLine, process.env);
    return { ...config, name: config.name ?? name };
  };
  const config = { ...first, name };
  const log = await openLog(config, name);
  try {
    await new Session(config, log, read).run(takeEarlyReload);
    return 0;
  } finally {
    await log.close();
  }
}
