import { Embedded, type Options } from './instance/embedded.js';

export type { ErrorCode } from './core/errors.js';
export { ZdlbError } from './core/errors.js';
export type { Journal as Logger } from './core/journal.js';
export type { FrontStatus as Status } from './instance/desk.js';
export type { Embedded as Instance, Options, Settings } from './instance/embedded.js';
export type { EventMap, Events, Level, Told } from './instance/events.js';
export { WorkerFailure } from './supervisor/failure.js';
export type { Reloaded } from './supervisor/reload-log.js';
export { version } from './version.js';

/**
 * Starts an instance in this process, as the `zdlb` command would in one of its own: the same front, the same workers, the same options.
 *
 *     const instance = start({ script: 'server.js', port: 8000, workers: 4 });
 *     await instance.ready;
 *
 * @throws {ZdlbError} `usage`, naming every mistake in the options
 */
export function start(options: Options): Embedded {
  return new Embedded(options);
}
