// @ts-check
import { realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf } from '../process-time.js';
import { installed, Program } from '../program.js';
import { Absent } from './contestant.js';

/** Clients, and as many connections to workers. */
const CONNECTIONS = 12_000;

/** @type {readonly import('./contestant.js').Contestant[]} */
export const nginxes = [contestant('nginx', 'nginx', 'port'), contestant('nginx-unix', 'nginx, Unix sockets', 'unix')];

/**
 * @param {string} name
 * @param {string} title
 * @param {'port' | 'unix'} transport
 * @returns {import('./contestant.js').Contestant}
 */
function contestant(name, title, transport) {
  return { name, title, family: 'nginx', mode: 'http', transport, start: (place) => start(place, transport) };
}

/** @param {import('./contestant.js').Place} place @param {'port' | 'unix'} transport */
async function start({ stage, port, bare }, transport) {
  const executable = installed('nginx');
  if (executable === undefined) throw new Absent('nginx is not installed');
  const workers = await bare[transport]();
  const folder = stage.folder();
  const file = join(folder, 'nginx.conf');
  const addresses = workers.map(({ address }) => (transport === 'unix' ? `unix:${address}` : `127.0.0.1:${address}`));
  writeFileSync(file, configuration(folder, port, addresses));
  const program = new Program(stage, 'nginx', [executable, '-e', 'stderr', '-p', folder, '-c', file]);
  await program.listening({ port, host: '127.0.0.1' });
  const own = () => childrenOf(program.pid, realpathSync(executable));
  await program.until(() => own().length === 1, `it has ${own().length} worker processes`);
  return { port, proxy: own(), workers: workers.map(({ pid }) => pid) };
}

/**
 * One process, kept-alive connections on both sides, no log and no file: bodies that don't fit its buffers wait where they are.
 *
 * @param {string} folder
 * @param {number} port
 * @param {readonly string[]} workers
 */
function configuration(folder, port, workers) {
  // Started by root it would change to a user who may not enter the folder of the workers' sockets.
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections ${CONNECTIONS}; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_buffer_size 64k;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_max_temp_file_size 0;
  upstream workers {
    ${workers.map((address) => `server ${address};`).join(' ')}
    keepalive 1024;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://workers;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`;
}
