// @ts-check
import { fileURLToPath } from 'node:url';
import { Program, ProgramEnded } from '../program.js';
import { childrenOf } from '../process-time.js';
import { PROGRAM } from './bare.js';
import { Absent, WORKERS } from './contestant.js';

const ZDLB = fileURLToPath(new URL('../../bin/zdlb.js', import.meta.url));
/** What zdlb ends with when it does not know an option. */
const USAGE = 2;

/** @type {readonly import('./contestant.js').Contestant[]} */
export const zdlbs = [
  contestant('zdlb', [], {}),
  contestant('zdlb-unix', ['--transport', 'unix'], { transport: 'unix' }),
  contestant('zdlb-tcp', ['--mode', 'tcp'], { mode: 'tcp' }),
  contestant('zdlb-http-proxy', ['--http-engine', 'http-proxy'], { family: 'http-proxy' }),
];

/**
 * @param {string} name
 * @param {readonly string[]} options
 * @param {Partial<import('./contestant.js').Contestant>} traits
 * @returns {import('./contestant.js').Contestant}
 */
function contestant(name, options, traits) {
  return {
    name,
    title: ['zdlb', ...options].join(' '),
    family: 'zdlb',
    mode: 'http',
    transport: 'port',
    ...traits,
    start: (place) => start(place, options),
  };
}

/** @param {import('./contestant.js').Place} place @param {readonly string[]} options */
async function start({ stage, port }, options) {
  const own = ['--port', String(port), '--host', '127.0.0.1', '--workers', String(WORKERS), '--log-level', 'warn'];
  const program = new Program(stage, 'zdlb', [process.execPath, ZDLB, ...own, ...options, PROGRAM]);
  try {
    await program.listening({ port, host: '127.0.0.1' });
    const workers = () => childrenOf(program.pid, process.execPath);
    await program.until(() => workers().length === WORKERS, `it has ${workers().length} workers`);
    return { port, proxy: [program.pid], workers: workers() };
  } catch (error) {
    if (error instanceof ProgramEnded && error.exitCode === USAGE)
      throw new Absent(`this zdlb does not know ${options.join(' ')}: ${error.words}`, { cause: error });
    throw error;
  }
}
