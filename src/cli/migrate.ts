import { parseArgs } from 'node:util';
import { parseConfig } from '../core/config.js';
import { ZdlbError, messageOf } from '../core/errors.js';
import { type App, readEcosystem } from './pm2/ecosystem.js';
import { type Translation, inEnvironment, translate } from './pm2/translation.js';

const USAGE = 'zdlb migrate ecosystem.config.js [--only NAME] [--env NAME] > zdlb.json';
const HELP = `${USAGE}

Prints the configuration that stands for a PM2 file (.js, .cjs, .mjs or .json),
with a comment for each setting that has no counterpart.

Options:
      --only NAME  the app that is meant, where the file has several
      --env NAME   take env_NAME over env, as pm2 start does
  -h, --help       show this text
`;

/**
 * `zdlb migrate FILE`: prints the configuration of zdlb that stands for a PM2 file, with a comment for each setting that has no
 * counterpart.
 *
 * @throws {ZdlbError} `usage`
 */
export async function migrate(argv: readonly string[]): Promise<number> {
  const { file, only, env, help } = parse(argv);
  if (help === true || file === undefined) return print(HELP);
  const { apps, others } = await readEcosystem(file);
  const app = chosen(file, apps, only);
  const own = env === undefined ? app : inEnvironment(app, env);
  if (own === undefined) throw noEnvironment(app, String(env));
  const { settings, remarks } = translate(own);
  const beside = others.map((key) => [key, "stands beside the apps, and is none of zdlb's business"] as const);
  const translation = { settings, remarks: new Map([...remarks, ...beside]) };
  print(written(file, translation));
  if (!process.stdout.isTTY) announce([...translation.remarks.keys()]);
  return 0;
}

/** Where the comments go into a file, nobody sees that there are some. */
function announce(keys: readonly string[]): void {
  if (keys.length > 0) process.stderr.write(`zdlb: A comment says what to do about ${keys.join(', ')}\n`);
}

function noEnvironment(app: App, env: string): ZdlbError {
  const there = Object.keys(app).filter((key) => key.startsWith('env_'));
  const others = there.length === 0 ? '' : `, but ${there.join(', ')}`;
  return new ZdlbError('usage', `Cannot take --env ${env}: the app has no env_${env}${others}`);
}

interface CommandLine {
  readonly file?: string;
  readonly only?: string;
  readonly env?: string;
  readonly help?: boolean;
}

function parse(argv: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { only: { type: 'string' }, env: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    const [file] = positionals;
    if (positionals.length === 1 && file !== undefined) return { ...values, file };
    if (values.help === true) return values;
    throw new Error(`wanted one file, met ${positionals.length}`);
  } catch (error) {
    throw new ZdlbError('usage', `Wanted ${USAGE}: ${messageOf(error)}`, { cause: error });
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function chosen(file: string, apps: readonly App[], only: string | undefined): App {
  const names = apps.map(({ name }) => String(name)).join(', ');
  const wanted = only === undefined ? apps : apps.filter(({ name }) => name === only);
  if (wanted.length === 1) return wanted[0]!;
  const problem =
    only === undefined ? `it has ${apps.length} apps, and an instance runs one` : `it has no app named ${only}`;
  throw new ZdlbError('usage', `Cannot migrate ${file}: ${problem}. Choose one with --only, of ${names}`);
}

/** JSON with comments. What zdlb would not take is said as well: then the file has to be mended by hand. */
function written(file: string, { settings, remarks }: Translation): string {
  const comments = together(remarks).flatMap(([keys, remark]) =>
    remark.split('\n').map((line, at) => (at === 0 ? `${keys}: ${line}` : `  ${line}`)),
  );
  const entries = Object.entries(settings).map(([key, value]) => `  ${JSON.stringify(key)}: ${asJson(value)}`);
  return [
    `// Made from ${file} by zdlb migrate. Check it with: zdlb check --config FILE`,
    '{',
    ...[...comments, ...mistakesOf(settings)].map((line) => `  // ${line}`),
    entries.join(',\n'),
    '}',
    '',
  ].join('\n');
}

/** The same is said once, of all that it is to be said of. */
function together(remarks: Translation['remarks']): readonly (readonly [string, string])[] {
  const texts = [...new Set(remarks.values())];
  return texts.map((text) => [[...remarks.keys()].filter((key) => remarks.get(key) === text).join(', '), text]);
}

function mistakesOf(settings: Translation['settings']): readonly string[] {
  try {
    parseConfig(settings, 'config', (key) => key);
    return [];
  } catch (error) {
    if (error instanceof ZdlbError) return error.message.split('\n');
    throw error;
  }
}

/** As JSON: what has keys of its own a line for each of them, all else on one line. */
function asJson(value: unknown): string {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? JSON.stringify(value, undefined, 2).replaceAll('\n', '\n  ') : JSON.stringify(value);
}
