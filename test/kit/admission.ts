import type { Socket } from 'node:net';
import { Admission, type AdmissionSettings } from '../../src/proxy/admission.js';
import { Client } from '../../src/proxy/client.js';
import type { Relay } from '../../src/proxy/listener.js';
import { RecordedJournal } from '../fixtures/supervisor/journal.js';

/** As much of an accepted socket as an admission touches: an unread one says nothing by itself. */
export class Caller {
  readonly remoteAddress: string | undefined;
  readonly remotePort = 40_000;
  readonly localAddress = '10.0.0.9';
  readonly localPort = 8_000;
  isClosed = false;

  constructor(remoteAddress: string | undefined) {
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.isClosed = true;
  }
}

/** It as the listener hands it on. */
export const clientOf = (caller: Caller) => new Client(caller as unknown as Socket);

/** A relay that keeps what it gets until it is told to end it. */
export class Keeper implements Relay {
  readonly clients: Caller[] = [];
  readonly accepted = new Set<Caller>();
  readonly #closed = new Map<Caller, () => void>();

  get connections(): number {
    return this.#closed.size;
  }

  get open(): readonly Caller[] {
    return [...this.#closed.keys()];
  }

  accept({ socket }: Client, closed: () => void): void {
    const accepted = socket as unknown as Caller;
    this.clients.push(accepted);
    this.accepted.add(accepted);
    this.#closed.set(accepted, closed);
  }

  end(client: Caller): void {
    const closed = this.#closed.get(client)!;
    this.#closed.delete(client);
    closed();
  }

  finish(): void {}

  close(): void {}
}

export const SETTINGS: AdmissionSettings = {
  maxConnections: 2,
  maxConnectionsPerAddress: Infinity,
  holdMax: 3,
  holdTimeout: 1_000,
};

/** An admission in front of a {@link Keeper}. */
export function gate(settings: Partial<AdmissionSettings> = {}) {
  const journal = new RecordedJournal();
  const admission = new Admission({ ...SETTINGS, ...settings }, journal);
  const relay = new Keeper();
  const arrive = (address = '10.0.0.1', to: Relay = relay) => {
    const client = new Caller(address);
    admission.admit(clientOf(client), to);
    return client;
  };
  /** Ends a connection, and lets come in who may. */
  const end = async (client: Caller, from = relay) => {
    from.end(client);
    await Promise.resolve();
  };
  const counts = () => ({ open: admission.open, parked: admission.parked, origins: admission.origins });
  return { admission, relay, journal, arrive, end, counts };
}

/** The counts when all have left. */
export const NOTHING = { open: 0, parked: 0, origins: 0 };
