// @ts-check
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installed, Program } from '../program.js';
import { openFiles } from '../machine.js';
import { Absent } from './contestant.js';

/** @type {readonly import('./contestant.js').Contestant[]} */
export const haproxies = [
  contestant('haproxy', 'HAProxy', {}),
  contestant('haproxy-unix', 'HAProxy, Unix sockets', { transport: 'unix' }),
  contestant('haproxy-tcp', 'HAProxy, mode tcp', { mode: 'tcp' }),
];

/**
 * @param {string} name
 * @param {string} title
 * @param {Partial<import('./contestant.js').Contestant>} traits
 * @returns {import('./contestant.js').Contestant}
 */
function contestant(name, title, { mode = 'http', transport = 'port' }) {
  return { name, title, family: 'HAProxy', mode, transport, start: (place) => start(place, mode, transport) };
}

/** @param {import('./contestant.js').Place} place @param {'http' | 'tcp'} mode @param {'port' | 'unix'} transport */
async function start({ stage, port, bare }, mode, transport) {
  const executable = installed('haproxy');
  if (executable === undefined) throw new Absent('HAProxy is not installed');
  const workers = await bare[transport]();
  const file = join(stage.folder(), 'haproxy.cfg');
  const addresses = workers.map(({ address }) => (transport === 'unix' ? `unix@${address}` : `127.0.0.1:${address}`));
  writeFileSync(file, configuration(port, mode, addresses));
  const program = new Program(stage, 'HAProxy', [executable, '-db', '-f', file]);
  await program.listening({ port, host: '127.0.0.1' });
  return { port, proxy: [program.pid], workers: workers.map(({ pid }) => pid) };
}

/** One process with one thread and kept-alive connections on both sides. @param {number} port @param {'http' | 'tcp'} mode @param {readonly string[]} workers */
function configuration(port, mode, workers) {
  // Two descriptors per connection, and some of its own; it will not start beyond what it may open.
  const maxConnections = Math.min(6_000, Math.floor((openFiles() - 100) / 2));
  return `global
  nbthread 1
  maxconn ${maxConnections}
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 75s
  timeout server 75s
${mode === 'http' ? '  option forwardfor\n  http-reuse always\n  timeout http-keep-alive 75s' : ''}
listen front
  bind 127.0.0.1:${port} backlog 4096
  balance roundrobin
${workers.map((address, index) => `  server worker${index} ${address} pool-max-conn 1024`).join('\n')}
`;
}
