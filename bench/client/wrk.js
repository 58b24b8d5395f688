// @ts-check
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { atRest } from '../process-time.js';
import { Stopwatch } from './stopwatch.js';

const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));

/**
 * Loads with wrk, which costs less itself than autocannon does. It can't be asked in the middle, so that opening and closing
 * the connections counts as well.
 *
 * @param {import('./client.js').Turn} turn
 * @returns {Promise<import('./client.js').Measurement>}
 */
export async function wrkTurn({ load, port, seconds, watched }) {
  const stopwatch = new Stopwatch(watched);
  const options = ['-t', '1', '-c', `${load.connections}`, '-d', `${seconds}s`, '--latency', '-s', SCRIPT];
  const order = [load.method, `${load.bodySize}`, `${load.answerSize}`];
  const { stderr } = await promisify(execFile)('wrk', [
    ...options,
    `http://127.0.0.1:${port}${load.path}`,
    '--',
    ...order,
  ]);
  const { requests, wrong, errors, p50, p99 } = JSON.parse(stderr);
  if (wrong + errors > 0) throw new Error(`${errors} errors, ${wrong} wrong answers`);
  await atRest([...watched.proxy, ...watched.workers]);
  return { ...stopwatch.stop(requests), perSecond: requests / seconds, p50, p99 };
}
