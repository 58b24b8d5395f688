import { resolve } from 'node:path';
import type { Config } from '../core/config.js';

/** What is to be watched, as it was written down. */
export interface WatchSettings {
  /** The folder that all other paths are relative to, absolute; symbolic links in it are followed anew at each look. */
  readonly folder: string;
  /** Files, folders and patterns; those that begin with `!` leave out. None: the whole folder. */
  readonly paths: readonly string[];
  /** Absolute paths of files that zdlb itself writes. */
  readonly except: readonly string[];
}

/** Whether both watch the same. */
export function isSame(one: WatchSettings, other: WatchSettings): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The settings for a folder that may be relative to `base`. */
export function watchSettings(base: string, config: Pick<Config, 'cwd' | 'watchPath' | 'pidFile'>): WatchSettings {
  const { cwd, watchPath, pidFile } = config;
  const except = pidFile === undefined ? [] : [resolve(base, pidFile)];
  return { folder: resolve(base, cwd), paths: watchPath, except };
}
