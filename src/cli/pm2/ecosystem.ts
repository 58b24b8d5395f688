import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ZdlbError, messageOf, systemCode } from '../../core/errors.js';
import { readJson } from '../config-file.js';

/** The settings of one app, as PM2 takes them. */
export type App = Readonly<Record<string, unknown>>;

/**
 * The apps of a PM2 file (`ecosystem.config.js`, `.cjs`, `.mjs` or `.json`). What is JavaScript is run, as PM2 would run it.
 *
 * @throws {ZdlbError} `usage`, when it can't be read or describes none
 */
export async function readEcosystem(file: string): Promise<readonly App[]> {
  const content = file.endsWith('.json') ? readJson(file) : await exportOf(file);
  const apps = isRecord(content) && Array.isArray(content['apps']) ? content['apps'] : [content].flat();
  if (apps.length > 0 && apps.every((app) => isRecord(app) && typeof app['script'] === 'string'))
    return apps as readonly App[];
  throw new ZdlbError('usage', `Cannot read ${file}: wanted { apps: [{ script: … }] }, as PM2 has it`);
}

async function exportOf(file: string): Promise<unknown> {
  try {
    const module: unknown = await import(pathToFileURL(resolve(file)).href);
    return isRecord(module) && 'default' in module ? module['default'] : module;
  } catch (error) {
    const reason = systemCode(error) === 'ERR_MODULE_NOT_FOUND' ? 'no such file' : messageOf(error);
    throw new ZdlbError('usage', `Cannot read ${file}: ${reason}`, { cause: error });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
