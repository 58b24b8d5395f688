import { createServer } from 'node:net';
import { once } from 'node:events';

// Below the ephemeral range, so that no outgoing connection takes the port between this look and the test's listen(), and
// below 20000, where zdlb looks for private ports of commands. Each test process has a band of its own.
const FIRST = 10_000;
const BAND = 1_000;
const BANDS = 10;

const band = FIRST + (Number(process.env['VITEST_POOL_ID'] ?? 0) % BANDS) * BAND;
let next = Math.floor(Math.random() * BAND);

/** A port that nothing listens on, neither on IPv4 nor on IPv6. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < BAND; tries++) {
    const port = band + (next++ % BAND);
    if (await isFree(port)) return port;
  }
  throw new Error(`Cannot find a free port from ${band} to ${band + BAND - 1}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port);
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
