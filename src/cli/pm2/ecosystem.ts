import { extname } from 'node:path';
import { ZdlbError } from '../../core/errors.js';
import { readJson } from '../config-file.js';
import { exportOf } from './module.js';

/** The settings of one app, as PM2 takes them. */
export type App = Readonly<Record<string, unknown>>;

/** What a PM2 file says. */
export interface Ecosystem {
  readonly apps: readonly App[];
  /** What it says beside its apps: `deploy` … */
  readonly others: readonly string[];
}

const MODULES: ReadonlySet<string> = new Set(['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts']);

/**
 * Reads a PM2 file (`ecosystem.config.js`, `.cjs`, `.mjs` or `.json`). What is JavaScript is run, as PM2 would run it.
 *
 * @throws {ZdlbError} `usage` or `config`, when it can't be read or describes no app
 */
export async function readEcosystem(file: string): Promise<Ecosystem> {
  const content = await contentOf(file);
  const { apps: listed, ...others } = isRecord(content) && Array.isArray(content['apps']) ? content : { apps: content };
  const apps: readonly unknown[] = [listed].flat();
  if (!apps.every(isRecord) || !apps.some((app) => 'script' in app || 'name' in app)) throw wrong(file, content);
  const idle = apps.find((app) => typeof app['script'] !== 'string');
  if (idle !== undefined) throw wrong(file, idle);
  return { apps, others: Object.keys(others) };
}

function wrong(file: string, met: unknown): ZdlbError {
  const text = `Cannot read ${file}: met ${shown(met)}, wanted { apps: [{ script: … }] }, as PM2 has it`;
  return new ZdlbError('usage', text);
}

async function contentOf(file: string): Promise<unknown> {
  const extension = extname(file);
  if (MODULES.has(extension)) return exportOf(file);
  if (extension === '.json') return readJson(file);
  const advice = /^\.ya?ml$/.test(extension) ? ': write it as JSON' : '';
  throw new ZdlbError('usage', `Cannot read ${file}: wanted a file that ends in .js, .cjs, .mjs or .json${advice}`);
}

/** The first characters of a value, to know it by. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
