// Runs examples/server.js with two workers from code, reloads it once, and stops it: node examples/library.js
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { start } from 'zdlb';

const instance = start({
  script: fileURLToPath(new URL('server.js', import.meta.url)),
  port: Number(process.env.PORT ?? 8000),
  workers: 2,
  drainTimeout: '10s',
});
instance.on('worker.output', ({ slot, message }) => console.log(`${slot} | ${message}`));
instance.on('worker.exited', ({ slot, reason }) => console.log(`Worker ${slot}: ${reason ?? 'has stopped'}`));
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void instance.stop());

await instance.ready;
const { listeners, workers } = await instance.status();
console.log(`${workers.length} workers serve port ${listeners[0].port}`);

const retired = once(instance, 'generation.retired');
const { generation, durationMs } = await instance.reload();
console.log(`Generation ${generation} took over after ${durationMs} ms`);
await retired;

await instance.stop();
