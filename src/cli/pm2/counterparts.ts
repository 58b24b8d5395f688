import type { ConfigInput } from '../../core/config.js';
import { words } from '../../core/values.js';
import type { App } from './ecosystem.js';

/** What becomes of one setting of PM2: settings of zdlb, a remark where there is none, or both. */
export interface Counterpart {
  readonly settings?: ConfigInput;
  readonly remark?: string;
}

type Translate = (value: unknown, app: App) => Counterpart;

const as =
  (key: string): Translate =>
  (value) => ({ settings: { [key]: value } });

/** PM2 counts in milliseconds, also in texts. */
const milliseconds =
  (key: string): Translate =>
  (value) => ({ settings: { [key]: /^\d+$/.test(String(value)) ? duration(Number(value)) : value } });

const duration = (ms: number) => (ms % 1_000 === 0 && ms > 0 ? `${ms / 1_000}s` : `${ms}ms`);

const remark =
  (text: string): Translate =>
  () => ({ remark: text });

/** For switches whose "on" is what zdlb does anyway. */
const unless =
  (usual: unknown, text: string): Translate =>
  (value) =>
    value === usual ? {} : { remark: text };

const LOGS =
  'the log, with what the workers write, is one: on standard output (for systemd, a container), or in the file that logFile names, which is rotated';
const RESTARTS =
  'a worker that crashes is replaced at once, then after longer and longer waits; there is nothing to set';
const PIDS = "pidFile names a file for zdlb's own process id; those of the workers are in zdlb status";
const NONE: Counterpart = {};

const listOf = (value: unknown): readonly string[] =>
  typeof value === 'string' ? words(value) : [value].flat().map(String);

const nameFor = (value: unknown): string =>
  String(value)
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 64);

/** Each setting of PM2, and what stands for it here. Source: PM2's application declaration, version 7. */
export const COUNTERPARTS: Readonly<Record<string, Translate>> = {
  name: (value) => {
    const name = nameFor(value);
    return {
      settings: { name },
      ...(name !== value && { remark: 'a name has letters, digits, ".", "_" and "-" only' }),
    };
  },
  script: () => NONE, // with the interpreter: see whatRuns
  args: () => NONE,
  interpreter: () => NONE,
  exec_interpreter: () => NONE,
  cwd: as('cwd'),
  instances: (value) =>
    Number(value) < 0
      ? { settings: { workers: 'max' }, remark: 'there is no counting down from the number of cores: give the number' }
      : { settings: { workers: value === 'max' || Number(value) === 0 ? 'max' : Number(value) } },
  exec_mode: () => NONE, // both are workers behind the front
  node_args: (value) => ({ settings: { nodeArgs: listOf(value) } }),
  interpreter_args: (value) => ({ settings: { nodeArgs: listOf(value) } }),
  source_map_support: (value) => (value === true ? { settings: { nodeArgs: ['--enable-source-maps'] } } : NONE),
  watch: (value) =>
    typeof value === 'boolean'
      ? { settings: { watch: value } }
      : { settings: { watch: true, watchPath: listOf(value) } },
  ignore_watch: (value, { watch }) => ({
    ...(Boolean(watch) && {
      remark: `say with watchPath what to watch; a pattern behind "!" leaves out: ${JSON.stringify(listOf(value).map((path) => `!${path}`))}`,
    }),
  }),
  watch_delay: remark('changes within 100 ms are one reload'),
  max_memory_restart: as('maxMemory'),
  kill_timeout: milliseconds('killTimeout'),
  listen_timeout: milliseconds('readyTimeout'),
  wait_ready: as('waitReady'),
  uid: as('user'),
  gid: as('group'),
  env: (value) => environment(value),
  port: as('port'),
  shutdown_with_message: unless(false, 'workers are stopped by a signal (stopSignal), never by a message'),
  autorestart: unless(true, 'a program that ends is always started again'),
  cron_restart: (value, { name = 'NAME' }) => ({
    remark: `let cron do it: "${String(value)}  zdlb reload --name ${nameFor(name)}"; or set maxAge`,
  }),
  max_restarts: remark(RESTARTS),
  min_uptime: remark(RESTARTS),
  restart_delay: remark(RESTARTS),
  exp_backoff_restart_delay: remark(RESTARTS),
  stop_exit_codes: remark('a program that ends is always started again'),
  increment_var: remark('each worker has its number in ZDLB_WORKER and NODE_APP_INSTANCE'),
  instance_var: unless('NODE_APP_INSTANCE', 'the number of a worker is in ZDLB_WORKER and NODE_APP_INSTANCE'),
  pid_file: remark(PIDS),
  pid: remark(PIDS),
  treekill: unless(true, "a worker's whole process group ends with it"),
  out_file: remark(LOGS),
  output: remark(LOGS),
  error_file: remark(LOGS),
  error: remark(LOGS),
  log_file: remark(LOGS),
  log: remark(LOGS),
  log_type: (value) => (value === 'json' ? { settings: { logFormat: 'json' } } : NONE),
  log_date_format: remark('entries have a time; logFormat "pretty" shows it for people'),
  merge_logs: () => NONE,
  combine_logs: () => NONE,
  time: () => NONE,
  vizion: () => NONE,
  pmx: () => NONE,
  automation: () => NONE,
};

/** What becomes of a setting that the table does not have: an environment for `--env`, or one that zdlb does not know. */
export function otherwise(key: string): Counterpart {
  if (!key.startsWith('env_')) return { remark: 'zdlb has nothing like it' };
  return { remark: `left out; zdlb migrate --env ${key.slice('env_'.length)} takes it, as pm2 start --env does` };
}

/** The port is zdlb's, which gives it to the workers. */
function environment(value: unknown): Counterpart {
  const { PORT: port, ...rest } = (value ?? {}) as Record<string, unknown>;
  const env = Object.fromEntries(Object.entries(rest).map(([name, content]) => [name, written(content)]));
  return {
    settings: {
      ...(Number.isInteger(Number(port ?? '-')) && { port: Number(port) }),
      ...(Object.keys(env).length > 0 && { env }),
    },
  };
}

function written(content: unknown): string {
  if (content === null || content === undefined) return '';
  return typeof content === 'string' ? content : JSON.stringify(content);
}
