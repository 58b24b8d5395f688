import type { Journal } from '../core/journal.js';
import type { Listening } from '../core/messages.cjs';
import type { Ailment } from './checkup.js';
import type { Tally } from './data-path.js';
import type { Exit } from './exit.js';
import type { Generation } from './generation.js';
import type { PortMap } from './port-map.js';
import type { Spawner } from './spawn.js';
import type { Warden } from './warden.js';
import type { Worker } from './worker.js';

/** Resolves when a worker holds no work any more. */
export type Drain = (worker: Worker) => Promise<unknown>;

/** What all generations share. */
export interface Household {
  readonly spawn: Spawner;
  readonly warden: Warden;
  readonly journal: Journal;
  readonly ports: PortMap;
  /** Lets clients in on a port. */
  readonly open: (listening: Listening) => Promise<void>;
  /** The rotation of a generation is another now, or one of its workers has a further door. */
  readonly changed: () => void;
  readonly probe: (worker: Worker, path: string, signal: AbortSignal) => Promise<void>;
  readonly tally: (worker: Worker) => Tally;
  /** A ready worker that has not crashed is to be replaced. */
  readonly unfit: (worker: Worker, ailment: Ailment, reason: string) => void;
  /** A worker in service has crashed. */
  readonly crashed: (generation: Generation, exit: Exit) => void;
}
