// @ts-check
// What one writes by hand around a program to reload it with node:cluster: node cluster-reload.js PROGRAM WORKERS, then SIGUSR2.
import cluster from 'node:cluster';
import { once } from 'node:events';

const [program = '', workers = '2'] = process.argv.slice(2);

async function hire() {
  const worker = cluster.fork();
  await once(worker, 'listening');
}

async function reload() {
  const former = Object.values(cluster.workers ?? {});
  for (const worker of former) {
    await hire();
    worker?.disconnect(); // its listeners close, and it ends when its connections have
  }
}

if (cluster.isPrimary) {
  cluster.setupPrimary({ exec: program, args: [] });
  for (let started = 0; started < Number(workers); started++) await hire();
  process.on('SIGUSR2', () => void reload());
}
