import { onTestFinished } from 'vitest';
import { Backend } from '../../src/proxy/backend.js';
import { Balancer, type Hold } from '../../src/proxy/balancer.js';
import { HttpRelay } from '../../src/proxy/http-relay.js';
import { Listener } from '../../src/proxy/listener.js';
import { TcpRelay } from '../../src/proxy/tcp-relay.js';
import { freePort } from './free-port.js';

/** A public port on 127.0.0.1 with a relay behind it, in this process; closed when the test ends. */
export async function openRelay(mode: 'http' | 'tcp', hold: Hold = { timeout: 5_000, max: 100 }) {
  const balancer = new Balancer(hold);
  const relay = mode === 'http' ? new HttpRelay(balancer) : new TcpRelay(balancer);
  const port = await freePort();
  const listener = new Listener(port, relay);
  await listener.open('127.0.0.1');
  onTestFinished(() => {
    listener.close();
    balancer.close();
  });
  return { port, balancer, relay, listener };
}

/** The backend at a port on this machine. */
export const backendAt = (port: number) => new Backend({ address: { port } });
