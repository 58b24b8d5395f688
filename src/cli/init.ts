import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { Config } from '../core/config.js';
import { ZdlbError, messageOf } from '../core/errors.js';
import type { PublicAddress } from '../core/public-address.js';
import { instanceName } from '../instance/instance-name.js';
import { resolveLaunch } from '../supervisor/launch.js';
import { startFolder } from '../supervisor/start-folder.js';
import { type Home, serviceUnit } from '../systemd/service-unit.js';
import { socketUnit } from '../systemd/socket-unit.js';
import { absoluteLine } from './absolute-line.js';
import { environmentSettings, parseCommandLine, readConfig } from './options.js';
import { say } from './say.js';

const USAGE = 'zdlb init systemd [--service|--socket|--output DIR] [options of run] <script>';
const HELP = `${USAGE}

Prints a service unit and a socket unit that start zdlb with these options.

      --service     only the service unit
      --socket      only the socket unit
      --output DIR  write both into that folder
One of these may stand first; then come the options of run (zdlb help run).`;
const ROOT = 0;

/** Which units are wanted, and where they go: standard output, if no folder is named. */
interface Wanted {
  readonly kinds: readonly ('service' | 'socket')[];
  readonly folder?: string;
}

/** `zdlb init systemd [options] <script>`: prints a service unit and a socket unit for this command line, or writes them into a folder. */
export async function init(argv: readonly string[]): Promise<number> {
  const [manager, ...rest] = argv;
  if (manager === '--help' || manager === '-h') return say(HELP);
  if (manager !== 'systemd')
    throw new ZdlbError('usage', `Wanted ${USAGE}, met ${['zdlb', 'init', ...argv].join(' ')}`);
  const [wanted, line] = wantedUnits(rest);
  const commandLine = parseCommandLine(line, HELP);
  if ('print' in commandLine) return say(commandLine.print);
  const config = readConfig(commandLine, process.env);
  await resolveLaunch(config); // no unit for what could not start
  const name = instanceName(config);
  const settings = { ...environmentSettings(process.env), ...commandLine.argv };
  const args = absoluteLine(settings, { name, cwd: config.cwd }, commandLine.configFile ?? process.env['ZDLB_CONFIG']);
  return give(wanted, unitsOf(name, config, args, wanted));
}

function wantedUnits([first, second, ...rest]: readonly string[]): readonly [Wanted, readonly string[]] {
  const others = [second, ...rest].filter((word) => word !== undefined);
  if (first === '--service') return [{ kinds: ['service'] }, others];
  if (first === '--socket') return [{ kinds: ['socket'] }, others];
  if (first === '--output' && second !== undefined) return [{ kinds: ['service', 'socket'], folder: second }, rest];
  return [{ kinds: ['service', 'socket'] }, [first, ...others].filter((word) => word !== undefined)];
}

/** By file name. */
function unitsOf(
  name: string,
  config: Config,
  args: readonly string[],
  { kinds }: Wanted,
): ReadonlyMap<string, string> {
  const units = new Map<string, string>();
  if (kinds.includes('service'))
    units.set(`${name}.service`, serviceUnit({ ...serviceSettings(), name, config, args }));
  const addresses = publicAddresses(config);
  if (kinds.includes('socket') && addresses.length > 0)
    units.set(`${name}.socket`, socketUnit({ name, addresses, socketMode: config.socketMode }));
  if (units.size > 0) return units;
  throw new ZdlbError('usage', 'Cannot make a socket unit: the program says where it listens. Give --port or --listen');
}

function serviceSettings() {
  const { uid, username } = userInfo();
  return {
    // The hyphens keep Node 20 from taking --env-file for its own.
    zdlb: [process.execPath, '--', resolve(process.argv[1]!)],
    folder: startFolder,
    user: uid === ROOT ? undefined : username,
    home: homeOf(uid),
  };
}

function homeOf(uid: number): Home {
  const { ZDLB_HOME: named } = process.env;
  if (named !== undefined && named !== '') return { path: resolve(startFolder, named) };
  return { runtimeDirectory: uid === ROOT ? 'zdlb' : `zdlb-${uid}` };
}

/** As far as they are the operator's. */
function publicAddresses({ port, host, listen }: Config): readonly PublicAddress[] {
  const given = listen.map((address) => ('path' in address ? { path: resolve(startFolder, address.path) } : address));
  const isListed = given.some((address) => 'port' in address && address.port === port);
  if (typeof port !== 'number' || isListed) return given;
  return [...given, host === undefined ? { port } : { port, host }];
}

function give({ folder }: Wanted, units: ReadonlyMap<string, string>): number {
  if (folder === undefined && units.size === 1) return say([...units.values()].join('').trimEnd());
  if (folder === undefined)
    return say(
      [...units]
        .map(([file, text]) => `# /etc/systemd/system/${file}\n${text}`)
        .join('\n')
        .trimEnd(),
    );
  for (const [file, text] of units) write(join(resolve(startFolder, folder), file), text);
  const files = [...units.keys()];
  const enabled = files.toSorted().toReversed().join(' ');
  return say(
    `Wrote ${files.join(' and ')} into ${folder}. Next: systemctl daemon-reload && systemctl enable --now ${enabled}`,
  );
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw new ZdlbError('usage', `Cannot write the unit: ${messageOf(error)}`, { cause: error });
  }
}
