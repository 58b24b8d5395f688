// @ts-check
import { fileURLToPath } from 'node:url';
import { Program } from '../program.js';

const SCRIPT = fileURLToPath(new URL('../programs/http-proxy.cjs', import.meta.url));

/** @type {import('./contestant.js').Contestant} */
export const httpProxy = {
  name: 'http-proxy',
  title: 'http-proxy package alone',
  family: 'http-proxy',
  mode: 'http',
  transport: 'port',
  async start({ stage, port, bare }) {
    const workers = await bare.port();
    const command = [process.execPath, SCRIPT, ...workers.map(({ address }) => address)];
    const program = new Program(stage, 'http-proxy', command, { PORT: String(port), NODE_NO_WARNINGS: '1' });
    await program.listening({ port, host: '127.0.0.1' });
    return { port, proxy: [program.pid], workers: workers.map(({ pid }) => pid) };
  },
};
