import { resolve } from 'node:path';
import { type ConfigInput, options } from '../core/config.js';
import { startFolder } from '../supervisor/start-folder.js';
import { flagOf } from './options.js';

/** Relative to the working folder of the workers; all other paths are relative to the folder in which zdlb was started. */
const IN_WORKING_FOLDER: ReadonlySet<string> = new Set(['envFile', 'node']);
const PATHS: ReadonlySet<string> = new Set(['pidFile', 'adminTokenFile', 'accessLog', 'logFile', ...IN_WORKING_FOLDER]);
const UNIX = 'unix:';

/**
 * The command line of `zdlb run` that does the same in whatever folder it is given, as words. Symbolic links stay what they are: each
 * generation goes where they lead by then.
 */
export function absoluteLine(
  settings: ConfigInput,
  { name, cwd }: { readonly name: string; readonly cwd: string },
  configFile: string | undefined,
): readonly string[] {
  const { script, args, command, ...rest } = settings;
  const folder = resolve(startFolder, cwd);
  const words = Object.entries({ ...rest, name, cwd: folder }).flatMap(([key, value]) =>
    [value].flat().flatMap((one) => optionWords(key, one, folder)),
  );
  return [
    ...(configFile === undefined ? [] : ['--config', resolve(startFolder, configFile)]),
    ...words,
    ...whatRuns(folder, { script, args, command }),
  ];
}

function optionWords(key: string, value: unknown, folder: string): readonly string[] {
  if (options.get(key)?.argument === undefined)
    return [value === true ? flagOf(key) : `${flagOf(key)}=${String(value)}`];
  return [flagOf(key), placed(key, String(value), folder)];
}

function placed(key: string, text: string, folder: string): string {
  if (key === 'listen' && text.startsWith(UNIX)) return UNIX + resolve(startFolder, text.slice(UNIX.length));
  if (!PATHS.has(key) || isNoPath(key, text)) return text;
  return resolve(IN_WORKING_FOLDER.has(key) ? folder : startFolder, text);
}

/** `--node node22` is looked up in PATH, and the access log can be just on. */
function isNoPath(key: string, text: string): boolean {
  return key === 'node' ? !text.includes('/') : key === 'accessLog' && ['on', 'off'].includes(text);
}

function whatRuns(folder: string, { script, args = [], command }: ConfigInput): readonly string[] {
  if (script !== undefined) return [resolve(folder, script as string), ...(args as readonly string[])];
  if (command === undefined) return []; // the configuration file says what
  const [program = '', ...rest] = command as readonly string[];
  return ['--', program.includes('/') ? resolve(folder, program) : program, ...rest];
}
