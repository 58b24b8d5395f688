import { onTestFinished } from 'vitest';
import { parseConfig } from '../../src/core/config.js';
import { Networks } from '../../src/core/networks.js';
import { Admission, type AdmissionSettings } from '../../src/proxy/admission.js';
import { Backend } from '../../src/proxy/backend.js';
import { Balancer, type Hold, type Sharing } from '../../src/proxy/balancer.js';
import { Book } from '../../src/proxy/book.js';
import { type HttpEngine, makeHttpRelay } from '../../src/proxy/http-engine.js';
import type { HttpSettings } from '../../src/proxy/http-settings.js';
import { Listener, type Relay } from '../../src/proxy/listener.js';
import { TcpRelay } from '../../src/proxy/tcp-relay.js';
import { Vestibule, type VestibuleSettings } from '../../src/proxy/vestibule.js';
import { RecordedJournal } from '../fixtures/supervisor/journal.js';
import { freePort } from './free-port.js';
import { Stage, dial } from './wire.js';

/** The defaults, but that X-Forwarded-* pass: hand-played workers have no agent, and would get them with every request. */
export const SETTINGS: HttpSettings = {
  ...parseConfig({ forwarded: 'off' }, 'config', (key) => key),
  trusts: () => false,
};

/** How a relay differs from the defaults. */
export interface RelayOptions extends Partial<HttpSettings> {
  readonly engine?: HttpEngine;
  readonly hold?: Hold;
  readonly sharing?: Partial<Sharing>;
  readonly bounds?: AdmissionSettings;
  /** Whose PROXY headers are expected; by default nobody's. */
  readonly vestibule?: VestibuleSettings;
}

const UNBOUNDED: AdmissionSettings = {
  maxConnections: Infinity,
  maxConnectionsPerAddress: Infinity,
  holdMax: 0,
  holdTimeout: 0,
};

const SHARING: Sharing = { balance: 'round-robin', maxInFlight: Infinity };
const NOBODY: VestibuleSettings = { acceptProxy: false, trustProxy: new Networks([]), headerTimeout: 10_000 };

/** Both engines, for the promises that both make. */
export const ENGINES: readonly HttpEngine[] = ['relay', 'http-proxy'];

/** A public port on 127.0.0.1 with a relay behind it, in this process; closed when the test ends. */
export async function openRelay(mode: 'http' | 'tcp', options: RelayOptions = {}) {
  const {
    engine = 'relay',
    hold = { timeout: 5_000, max: 100 },
    sharing,
    bounds = UNBOUNDED,
    vestibule = NOBODY,
    ...others
  } = options;
  const settings = { ...SETTINGS, ...others };
  const balancer = new Balancer(hold, { ...SHARING, ...sharing });
  const book = new Book();
  const relay =
    mode === 'http' ? makeHttpRelay(engine, balancer, settings, book) : new TcpRelay(balancer, settings, book);
  return { balancer, book, relay, ...(await openListener(relay, balancer, bounds, vestibule)) };
}

/** A public port on 127.0.0.1 whose connections `relay` gets; closed when the test ends. */
export async function openListener(relay: Relay, balancer: Balancer, bounds = UNBOUNDED, vestibule = NOBODY) {
  const port = await freePort();
  const journal = new RecordedJournal();
  const admission = new Admission(bounds, journal);
  const gate = new Vestibule(admission, vestibule, journal);
  const listener = new Listener(relay, gate);
  await listener.open({ port, host: '127.0.0.1' });
  onTestFinished(() => {
    listener.close();
    balancer.close();
  });
  return { port, listener, admission, vestibule: gate, journal };
}

/** The backend at a port on this machine. */
export const backendAt = (port: number, slot = 0) => new Backend({ address: { port } }, { slot });

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A relay in front of `count` hand-played workers. */
export async function scene(count = 1, options: RelayOptions = {}) {
  const stages = await Promise.all(Array.from({ length: count }, () => Stage.open()));
  const relay = await openRelay('http', options);
  const backends = stages.map((stage, slot) => backendAt(stage.port, slot));
  relay.balancer.swap(backends);
  return { ...relay, stages, backends, stage: stages[0]! };
}

/** Sends `request` and answers it with `response`; what each side got. */
export async function exchange(request: string, response: string, options: RelayOptions = {}) {
  const { port, stage, backends, relay } = await scene(1, options);
  const client = await dial(port);
  client.send(request);
  const worker = await stage.accepts();
  await worker.gets('\r\n\r\n');
  worker.send(response);
  return { port, stage, client, worker, relay, backend: backends[0]! };
}

/** The same by one of the engines, for what both promise. */
export const through = (engine: HttpEngine) => ({
  openRelay: async (mode: 'http' | 'tcp', options: RelayOptions = {}) => openRelay(mode, { engine, ...options }),
  scene: async (count = 1, options: RelayOptions = {}) => scene(count, { engine, ...options }),
  exchange: async (request: string, response: string, options: RelayOptions = {}) =>
    exchange(request, response, { engine, ...options }),
});
