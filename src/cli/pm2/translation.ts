import { extname } from 'node:path';
import type { ConfigInput } from '../../core/config.js';
import { words } from '../../core/values.js';
import { COUNTERPARTS, otherwise } from './counterparts.js';
import type { App } from './ecosystem.js';

/** An app of PM2 as a configuration of zdlb. */
export interface Translation {
  readonly settings: ConfigInput;
  /** By PM2's key: what can't be had, or is to be done by hand. */
  readonly remarks: ReadonlyMap<string, string>;
}

/** What holds in PM2 where nothing is said, and differs from what holds in zdlb. */
const PM2_DEFAULTS: ConfigInput = { workers: 1, stopSignal: 'SIGINT' };
/** What node runs. */
const NODE_EXTENSIONS: ReadonlySet<string> = new Set(['', '.js', '.cjs', '.mjs', '.ts', '.cts', '.mts']);

/** Says with zdlb's settings what `app` says with PM2's. */
export function translate(app: App): Translation {
  const settings: Record<string, unknown> = { ...whatRuns(app), ...PM2_DEFAULTS };
  const remarks = new Map<string, string>();
  for (const [key, value] of Object.entries(app)) {
    if (value === undefined || value === null) continue;
    const counterpart = Object.hasOwn(COUNTERPARTS, key) ? COUNTERPARTS[key]!(value, app) : otherwise(key);
    const { settings: own = {}, remark } = counterpart;
    for (const [name, setting] of Object.entries(own)) settings[name] = join(settings[name], setting);
    if (remark !== undefined) remarks.set(key, remark);
  }
  if ('command' in settings && settings['port'] === undefined)
    remarks.set('port', 'a command needs a public port: add "port"');
  return { settings, remarks };
}

/**
 * The app as `pm2 start --env NAME` takes it: the variables of that environment over the usual ones.
 *
 * @returns undefined, when it has none of that name
 */
export function inEnvironment(app: App, name: string): App | undefined {
  const { [`env_${name}`]: own, env, ...rest } = app;
  return typeof own === 'object' ? { ...rest, env: { ...(env as object | undefined), ...own } } : undefined;
}

/** Several settings of PM2 may lead to options of node. */
function join(former: unknown, setting: unknown): unknown {
  return Array.isArray(former) && Array.isArray(setting)
    ? [...(former as unknown[]), ...(setting as unknown[])]
    : setting;
}

function whatRuns(app: App): ConfigInput {
  const script = String(app['script']);
  const args = typeof app['args'] === 'string' ? words(app['args']) : [app['args'] ?? []].flat().map(String);
  const named = app['interpreter'] ?? app['exec_interpreter'];
  const interpreter = typeof named === 'string' ? named : undefined;
  if (interpreter === undefined ? isForNode(script) : /(^|\/)node$/.test(interpreter)) {
    const node = interpreter === undefined || interpreter === 'node' ? {} : { node: interpreter };
    return { script, ...(args.length > 0 && { args }), ...node };
  }
  const own = interpreter === undefined || interpreter === 'none' ? [] : [interpreter];
  return { command: [...own, script, ...args] };
}

/** PM2 runs `npm` and the like from PATH, and chooses an interpreter by the extension. */
function isForNode(script: string): boolean {
  return script !== 'npm' && script !== 'yarn' && script !== 'pnpm' && NODE_EXTENSIONS.has(extname(script));
}
