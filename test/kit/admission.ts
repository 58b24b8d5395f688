import type { Socket } from 'node:net';
import { Admission, type AdmissionSettings } from '../../src/proxy/admission.js';
import type { Relay } from '../../src/proxy/listener.js';
import { RecordedJournal } from '../fixtures/supervisor/journal.js';

/** As much of an accepted socket as an admission touches: an unread one says nothing by itself. */
export class Client {
  readonly remoteAddress: string | undefined;
  isClosed = false;

  constructor(remoteAddress: string | undefined) {
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.isClosed = true;
  }
}

/** A relay that keeps what it gets until it is told to end it. */
export class Keeper implements Relay {
  readonly clients: Client[] = [];
  readonly accepted = new Set<Client>();
  readonly #closed = new Map<Client, () => void>();

  get connections(): number {
    return this.#closed.size;
  }

  get open(): readonly Client[] {
    return [...this.#closed.keys()];
  }

  accept(client: Socket, closed: () => void): void {
    const accepted = client as unknown as Client;
    this.clients.push(accepted);
    this.accepted.add(accepted);
    this.#closed.set(accepted, closed);
  }

  end(client: Client): void {
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
    const client = new Client(address);
    admission.admit(client as unknown as Socket, to);
    return client;
  };
  /** Ends a connection, and lets come in who may. */
  const end = async (client: Client, from = relay) => {
    from.end(client);
    await Promise.resolve();
  };
  const counts = () => ({ open: admission.open, parked: admission.parked, origins: admission.origins });
  return { admission, relay, journal, arrive, end, counts };
}

/** The counts when all have left. */
export const NOTHING = { open: 0, parked: 0, origins: 0 };
