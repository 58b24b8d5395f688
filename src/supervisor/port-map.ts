import type { Config } from '../core/config.js';
import type { AgentSettings, Listening, Protocol } from '../core/messages.cjs';
import type { Readiness } from './readiness.js';

/** The generation that makes the map; all later ones must fit it. */
const MAKER = 1;
/** How long a program that never listens must have run to count as ready. */
const RUNNING_MS = 1_000;

interface Mapped {
  readonly port: number;
  readonly protocol: Protocol;
}

const REMEDY = 'let the program open its ports at the same time, or give --port N too';

/** A worker as the map sees it. */
interface Opener {
  readonly slot: number;
  readonly doors: ReadonlyMap<number, unknown>;
}

/**
 * The public ports of this instance: which port a program asks for, which one clients use, and what is spoken there. The
 * first generation makes the map; a later one that differs is turned away.
 */
export class PortMap {
  readonly #config: Pick<Config, 'port' | 'mode'>;
  readonly #byAsked = new Map<number, Mapped>();
  /** What the first worker has told to be its first port, where that has Unix sockets only. */
  #first: number | undefined;
  /** The ports that each slot's latest ready worker has open; empty until the first generation serves. */
  readonly #bySlot = new Map<number, readonly number[]>();

  constructor(config: Pick<Config, 'port' | 'mode'>) {
    this.#config = config;
  }

  /** Whether a generation may open public ports. */
  isMadeBy(generation: number): boolean {
    return generation === MAKER;
  }

  /** Asked to public ports for the agents; absent until a generation serves, since the first one makes the map. */
  get pairs(): AgentSettings['ports'] {
    if (this.#bySlot.size === 0) return undefined;
    return [...this.#byAsked].map(([asked, { port }]) => [asked, port] as const);
  }

  /** What the next worker must open to be ready. */
  get readiness(): Readiness {
    if (this.#config.port === 'none') return { kind: 'running', ms: RUNNING_MS };
    const shared = this.#shared;
    if (shared.length > 0) return { kind: 'ports', ports: shared };
    if (this.#bySlot.size === 0 && this.#config.port !== undefined)
      return { kind: 'ports', ports: [this.#config.port] };
    return { kind: 'listening' };
  }

  /** Takes note of what the ready workers have open, now that they are in the rotation or have opened a further port. */
  observe(rotation: readonly Opener[]): void {
    for (const { slot, doors } of rotation) this.#bySlot.set(slot, [...doors.keys()]);
  }

  /** Lets a worker open a port; the answer, if any, says why it may not. */
  admit(generation: number, listening: Listening): string | undefined {
    const { asked, port, protocol, door, isFirst } = listening;
    if (door === undefined) return undefined; // a further address of a port that was admitted already
    if (isFirst === true && (this.#first ??= asked) !== asked)
      return `takes its server on port ${asked} for the first, and others that on port ${this.#first}: ${REMEDY}`;
    const mapped = this.#byAsked.get(asked);
    if (mapped === undefined && this.isMadeBy(generation)) {
      this.#byAsked.set(asked, { port, protocol });
      return undefined;
    }
    if (mapped?.port !== port) return this.#complaint(`asks for port ${asked}`);
    if (this.#config.mode === 'auto' && mapped.protocol !== protocol) {
      return this.#complaint(`speaks ${protocol} on port ${port}`);
    }
    return undefined;
  }

  /**
   * The ports that every slot has open, which is what a successor must open. A port that only some slots open (metrics in
   * slot 0, say) is nothing that the others could be waited for.
   */
  get #shared(): readonly number[] {
    const [first = [], ...others] = this.#bySlot.values();
    return first.filter((port) => others.every((ports) => ports.includes(port)));
  }

  #complaint(deed: string): string {
    const served = [...this.#byAsked].map(([asked, { port, protocol }]) =>
      asked === port ? `${port} (${protocol})` : `${asked} (${protocol}, as ${port})`,
    );
    return `${deed}, but the serving generation serves port ${served.join(', ')}. Restart zdlb to change ports`;
  }
}
