// @ts-check
import { fileURLToPath } from 'node:url';
import { childrenOf } from '../process-time.js';
import { Program } from '../program.js';
import { WORKERS } from './contestant.js';

const SCRIPT = fileURLToPath(new URL('../programs/cluster.js', import.meta.url));

/** @type {import('./contestant.js').Contestant} */
export const cluster = {
  name: 'cluster',
  title: 'node:cluster',
  family: 'shared',
  mode: 'http',
  transport: 'port',
  async start({ stage, port }) {
    const command = [process.execPath, SCRIPT, String(WORKERS)];
    const program = new Program(stage, 'node:cluster', command, { PORT: String(port) });
    await program.listening({ port, host: '127.0.0.1' });
    const workers = () => childrenOf(program.pid, process.execPath);
    await program.until(() => workers().length === WORKERS, `it has ${workers().length} workers`);
    return { port, proxy: [], workers: workers(), primary: program.pid };
  },
};
