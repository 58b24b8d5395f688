// @ts-check
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, Program } from '../program.js';
import { WORKERS } from './contestant.js';

/** What every contestant runs. */
export const PROGRAM = fileURLToPath(new URL('../programs/server.cjs', import.meta.url));

/**
 * The program without anything around it, in as many processes as everybody has.
 *
 * @param {import('../stage.js').Stage} stage
 * @returns {import('./contestant.js').Bare}
 */
export function bareWorkers(stage) {
  return {
    port: once(() => started(async () => overPort(stage, await freePort()))),
    unix: once(() => {
      const folder = stage.folder();
      return started((index) => overSocket(stage, join(folder, `worker-${index}.sock`)));
    }),
  };
}

/** @type {import('./contestant.js').Contestant} */
export const direct = {
  name: 'direct',
  title: 'one worker, directly',
  family: 'direct',
  mode: 'http',
  transport: 'port',
  async start({ bare }) {
    const [worker] = await bare.port();
    if (worker === undefined) throw new Error('there are no workers');
    return { port: Number(worker.address), proxy: [], workers: [worker.pid] };
  },
};

/** @param {(index: number) => Promise<import('./contestant.js').BareWorker>} start */
function started(start) {
  return Promise.all(Array.from({ length: WORKERS }, (_, index) => start(index)));
}

/** @param {import('../stage.js').Stage} stage @param {number} port */
async function overPort(stage, port) {
  const program = new Program(stage, 'a worker', [process.execPath, PROGRAM], { PORT: String(port) });
  await program.listening({ port, host: '127.0.0.1' });
  return { pid: program.pid, address: String(port) };
}

/** @param {import('../stage.js').Stage} stage @param {string} path */
async function overSocket(stage, path) {
  const program = new Program(stage, 'a worker', [process.execPath, PROGRAM], { SOCKET: path });
  await program.listening({ path });
  return { pid: program.pid, address: path };
}

/** @template T @param {() => T} make */
function once(make) {
  /** @type {{ value: T } | undefined} */
  let made;
  return () => (made ??= { value: make() }).value;
}
