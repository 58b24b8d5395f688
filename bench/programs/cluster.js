// @ts-check
// The usual node:cluster script around the program: node cluster.js WORKERS
import cluster from 'node:cluster';

if (cluster.isPrimary) for (let started = 0; started < Number(process.argv[2]); started++) cluster.fork();
else await import('./server.cjs');
