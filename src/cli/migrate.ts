import { parseConfig } from '../core/config.js';
import { ZdlbError } from '../core/errors.js';
import { say } from './order.js';
import { type App, readEcosystem } from './pm2/ecosystem.js';
import { type Translation, translate } from './pm2/translation.js';

const USAGE = 'zdlb migrate ecosystem.config.js [--only NAME] > zdlb.json';

/**
 * `zdlb migrate FILE`: prints the configuration of zdlb that stands for a PM2 file, with a comment for each setting that has no
 * counterpart.
 *
 * @throws {ZdlbError} `usage`
 */
export async function migrate(argv: readonly string[]): Promise<number> {
  const [file, flag, only] = argv;
  if (file === '--help' || file === '-h') return say(USAGE);
  const isKnown = argv.length === 1 || (argv.length === 3 && flag === '--only');
  if (file === undefined || file.startsWith('-') || !isKnown)
    throw new ZdlbError('usage', `Wanted ${USAGE}, met zdlb migrate ${argv.join(' ')}`);
  const app = chosen(await readEcosystem(file), only);
  process.stdout.write(written(file, translate(app)));
  return 0;
}

function chosen(apps: readonly App[], only: string | undefined): App {
  const names = apps.map(({ name }) => String(name)).join(', ');
  const wanted = only === undefined ? apps : apps.filter(({ name }) => name === only);
  if (wanted.length === 1) return wanted[0]!;
  const problem =
    only === undefined ? `it has ${apps.length} apps, and zdlb runs one each` : `it has no app named ${only}`;
  throw new ZdlbError('usage', `${problem}: choose one with --only, of ${names}`);
}

/** JSON with comments. What zdlb would not take is said as well: then the file has to be mended by hand. */
function written(file: string, { settings, remarks }: Translation): string {
  const comments = [...remarks].flatMap(([key, remark]) =>
    remark.split('\n').map((line, at) => (at === 0 ? `${key}: ${line}` : `  ${line}`)),
  );
  const entries = Object.entries(settings).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return [
    `// Made from ${file} by zdlb migrate. Check it with: zdlb check --config FILE`,
    '{',
    ...[...comments, ...mistakesOf(settings)].map((line) => `  // ${line}`),
    entries.join(',\n'),
    '}',
    '',
  ].join('\n');
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
