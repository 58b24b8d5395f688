import { z } from 'zod';
import { adminOptions } from './admin-options.js';
import { adminMistakes } from './admin-rules.js';
import { backendMistakes } from './backend-rules.js';
import { commandMistakes } from './command-rules.js';
import { ZdlbError } from './errors.js';
import { httpOptions } from './http-options.js';
import { jsonSchemaOf } from './json-schema.js';
import { logFileOptions } from './log-file-options.js';
import { networkOptions } from './network-options.js';
import { networkMistakes } from './network-rules.js';
import { type OptionMeta, option } from './option.js';
import { firstPort } from './public-address.js';
import { unknownOption } from './suggestion.js';
import { supervisionOptions } from './supervision-options.js';
import {
  TEXTS,
  duration,
  either,
  integer,
  numberOr,
  numberOrOff,
  oneOf,
  signal,
  text,
  texts,
  value,
  wholeNumber,
  words,
} from './values.js';
import { variables } from './variables.js';
import { type WrittenDefault, writtenDefault } from './written-default.js';

/** More of them than any machine has cores for. */
export const MOST_WORKERS = 512;

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** Every option, once: validation, types, command line, environment and docs come from here. */
const schema = z.strictObject({
  port: option(
    value(
      'a port from 1 to 65535, or none',
      (raw) => (raw === 'none' ? raw : integer(raw, 1, 65_535)),
      either({ type: 'integer', minimum: 1, maximum: 65_535 }, { const: 'none' }),
    ).optional(),
    {
      alias: 'p',
      argument: 'N|none',
      description: 'public port; none: a program that never listens',
      otherwise: 'the port that the program asks for',
    },
  ),
  host: option(text('an address or a host name').optional(), {
    argument: 'ADDR',
    description: 'public address of the first port',
    otherwise: 'what the program asks for',
  }),
  workers: option(numberOr(1, MOST_WORKERS, 'max').default('max'), {
    alias: 'w',
    argument: 'N|max',
    description: 'worker processes; max: one for each available core',
  }),
  name: option(
    value('1 to 64 of the characters A-Z a-z 0-9 . _ -', (raw) => (NAME.test(String(raw)) ? String(raw) : undefined), {
      type: 'string',
      pattern: NAME.source,
    }).optional(),
    {
      alias: 'n',
      argument: 'NAME',
      description: 'name of this instance',
      otherwise: 'the base name of what runs, without extension',
    },
  ),
  mode: option(oneOf('auto', 'http', 'tcp').default('auto'), {
    argument: 'auto|http|tcp',
    description:
      'balance requests (http) or connections (tcp); auto: http when the program listens with an http.Server',
  }),
  httpEngine: option(oneOf('relay', 'http-proxy').default('relay'), {
    argument: 'relay|http-proxy',
    description: "what forwards HTTP: zdlb's own relay, or Node's parser and the http-proxy package",
  }),
  transport: option(oneOf('port', 'unix').default('port'), {
    argument: 'port|unix',
    description: 'private loopback ports, or Unix sockets in a folder that only this user can enter',
  }),
  readyTimeout: option(duration().default(60_000), {
    argument: 'T',
    description: 'a worker that is not ready by then has failed',
  }),
  drainTimeout: option(duration().default(30_000), {
    argument: 'T',
    description: 'how long a leaving worker may finish what it holds',
  }),
  killTimeout: option(duration().default(5_000), {
    argument: 'T',
    description: 'from the stop signal to SIGKILL',
  }),
  stopDelay: option(duration().default(0), {
    argument: 'T',
    description: 'on SIGTERM keep accepting this long while /healthz answers 503 (Kubernetes)',
  }),
  stopSignal: option(signal().default('SIGTERM'), {
    argument: 'SIG',
    description: 'what a drained worker is sent',
  }),
  holdTimeout: option(duration().default(30_000), {
    argument: 'T',
    description: 'how long requests wait while no worker is ready; then 503 (http) or close (tcp)',
  }),
  holdMax: option(wholeNumber(0, 1_000_000).default(1_024), {
    argument: 'N',
    description: 'how many requests or connections may wait at a time',
  }),
  ...supervisionOptions,
  ...networkOptions,
  ...httpOptions,
  maxConnections: option(numberOrOff(1, 1_000_000).default(8_192), {
    argument: 'N|off',
    description: 'client connections at a time; up to --hold-max further ones wait unread',
  }),
  maxConnectionsPerAddress: option(numberOrOff(1, 1_000_000).default(Infinity), {
    argument: 'N|off',
    description: 'the same for one IPv4 address or IPv6 /64',
    otherwise: 'off',
  }),
  envFile: option(text('a path').optional(), {
    argument: 'FILE',
    description: 'environment of the workers, read anew at each reload',
  }),
  env: option(variables().optional(), {
    argument: 'NAME=VALUE',
    description: 'a variable for the workers, over those of --env-file; may be given several times',
  }),
  cwd: option(text('a path').default('.'), {
    argument: 'DIR',
    description: 'working folder of the workers; symbolic links are resolved anew at each reload',
  }),
  node: option(text('a path').optional(), {
    argument: 'PATH',
    description: 'node binary of the workers, resolved anew at each reload',
    otherwise: 'the node that runs zdlb',
  }),
  nodeArgs: option(
    value<readonly string[], string | readonly string[]>(
      'options of node, in one string or a list',
      (raw) => (typeof raw === 'string' ? words(raw) : texts(raw)),
      either({ type: 'string' }, TEXTS),
    ).default([]),
    { argument: 'ARGS', description: "options for the workers' node, in one string" },
  ),
  pidFile: option(text('a path').optional(), {
    argument: 'FILE',
    description: 'written once listening, removed at exit; zdlb refuses to start over a live one',
  }),
  ...adminOptions,
  logLevel: option(oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent').default('info'), {
    argument: 'L',
    description: 'least level that is logged: trace, debug, info, warn, error, fatal or silent',
  }),
  logFormat: option(oneOf('json', 'pretty').optional(), {
    argument: 'json|pretty',
    description: 'form of the log on standard output',
    otherwise: 'pretty on a terminal, else json',
  }),
  ...logFileOptions,
  script: text('a path').optional(),
  args: value('a list of texts', texts, TEXTS).default([]),
  /** A program of any kind, in the place of a script: it and its arguments. */
  command: value('a list of texts, a program and its arguments', (raw) => (texts(raw)?.[0] ? texts(raw) : undefined), {
    ...TEXTS,
    minItems: 1,
  }).optional(),
  $schema: z.string().optional(),
});

/** The settings of one instance, complete: durations in milliseconds, defaults filled in. */
export type Config = z.infer<typeof schema>;
/** The settings as they are written in TypeScript: any subset, durations and sizes as text. */
export type WrittenConfig = z.input<typeof schema>;
/** The settings as they are found in a file, an environment or a command line: who knows what. */
export type ConfigInput = Readonly<Record<string, unknown>>;

/** The options in the order of the help text, by their name in the configuration file. */
export const options: ReadonlyMap<string, OptionMeta> = new Map(
  Object.entries(schema.shape).flatMap(([name, field]) => {
    const meta = (field as z.ZodType).meta();
    return meta?.description === undefined ? [] : [[name, meta as unknown as OptionMeta]];
  }),
);

/** What holds without an option, for people: in words, or as it would be written. */
export function byDefault(key: string): string {
  return options.get(key)?.otherwise ?? (String(defaultOf(key) ?? '') || 'none');
}

/** What a configuration file would say that says what holds without a key; null, where that is nothing. */
export const defaultOf = (key: string): WrittenDefault | null =>
  writtenDefault(schema.shape[key as keyof typeof schema.shape]) ?? null;

/** Every key of a configuration file. */
export const keys: readonly string[] = Object.keys(schema.shape);

/** The configuration file as JSON Schema, for editors: config.schema.json (`npx vitest run json-schema -u` writes it anew). */
export const jsonSchema = () => jsonSchemaOf(schema.shape);

/**
 * Validates settings and fills in the defaults.
 *
 * @param nameOf how the reader wrote an option: `--ready-timeout`, `ZDLB_READY_TIMEOUT` or `readyTimeout`
 * @throws {ZdlbError} naming every mistake at once
 */
export function parseConfig(input: ConfigInput, code: 'usage' | 'config', nameOf: (key: string) => string): Config {
  const settings = Object.fromEntries(Object.entries(input).filter(isSaid));
  const result = schema.safeParse(settings);
  const mistakes = result.success
    ? mistakesBetween(result.data, nameOf)
    : [
        ...result.error.issues.flatMap((issue) => describe(issue, nameOf)),
        ...mistakesAmongGood(settings, result.error.issues.flatMap(badKeys), nameOf),
      ];
  if (result.success && mistakes.length === 0) return withPort(result.data);
  throw new ZdlbError(code, mistakes.join('\n'));
}

const mistakesBetween = (config: Config, nameOf: (key: string) => string) =>
  RULES.flatMap((mistakesOf) => mistakesOf(config, nameOf));

/** What is wrong between settings that are right themselves. Of the bad ones nobody knows what they were to say. */
function mistakesAmongGood(
  settings: ConfigInput,
  bad: readonly string[],
  nameOf: (key: string) => string,
): readonly string[] {
  const good = Object.fromEntries(Object.entries(settings).filter(([key]) => !bad.includes(key)));
  const { data } = schema.safeParse(good);
  const found = data === undefined ? [] : mistakesBetween(data, nameOf);
  return found.filter((mistake) => !bad.some((key) => mistake.includes(key) || mistake.includes(nameOf(key))));
}

const badKeys = (issue: z.core.$ZodIssue): readonly string[] =>
  issue.code === 'unrecognized_keys' ? issue.keys : [String(issue.path[0])];

/** A key without a default may be null, and says so that it is not set: a file can show all keys. */
const isSaid = ([key, written]: [string, unknown]) =>
  written !== null || !keys.includes(key) || defaultOf(key) !== null;

/** The first port of `--listen` stands for `--port` in all else: PORT of the workers, and which listen() is named. */
function withPort(config: Config): Config {
  const port = config.port ?? firstPort(config.listen);
  return port === undefined ? config : { ...config, port };
}

/** What options must not be combined: each says what is wrong, if anything. */
const RULES = [commandMistakes, backendMistakes, networkMistakes, healthMistakes, adminMistakes];

function healthMistakes({ health, port }: Config, nameOf: (key: string) => string): readonly string[] {
  if (health === undefined || port !== 'none') return [];
  return [`Cannot use ${nameOf('health')} with ${nameOf('port')} none: there is no port to ask on`];
}

function describe(issue: z.core.$ZodIssue, nameOf: (key: string) => string): readonly string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownOption(nameOf(key), key, Object.keys(schema.shape), (known) => known));
  return [`Bad value for ${nameOf(issue.path.map(String).join('.'))}: ${issue.message}`];
}
