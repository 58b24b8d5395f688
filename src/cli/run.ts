import { basename, extname, resolve } from 'node:path';
import { openLog } from './log.js';
import { parseCommandLine, readConfig } from './options.js';
import { Session } from './session.js';

/** `zdlb [run] [options] <script>`: starts the front; ends with exit code 0 when it was stopped as asked. */
export async function run(argv: readonly string[], takeEarlyReload: () => boolean): Promise<number> {
  const commandLine = parseCommandLine(argv);
  if ('print' in commandLine) {
    process.stdout.write(`${commandLine.print}\n`);
    return 0;
  }
  const first = readConfig(commandLine, process.env);
  const name = first.name ?? nameOf(first.script!);
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

/** The script's base name, as far as a name allows. */
function nameOf(script: string): string {
  const base = basename(resolve(script), extname(script)).replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return base.slice(0, 64) || 'zdlb';
}
