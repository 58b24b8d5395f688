import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentMessage, Listening } from '../core/messages.cjs';
import { encode } from '../core/proxy-protocol.cjs';
import { groupMemory } from './group-memory.js';

/** Where a program without an agent is to listen. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 500;
const GROWTH = 1.5;
/** A full backlog answers nothing. */
const CONNECT_MS = 1_000;

/**
 * Plays the agent's part for a program that has none, from outside: says `listening` once it accepts connections on its private
 * port, and tells its vitals.
 */
export class CommandAgent {
  /** What the front hears as from an agent; what it says there goes nowhere. */
  readonly channel = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  readonly #over = new AbortController();

  /**
   * @param leader of the program's process group
   * @param place its private address
   * @param listening what to say when it accepts connections there
   * @param beatMs how often to tell its vitals
   */
  constructor(leader: number, place: Place, listening: Listening, beatMs: number) {
    this.#until(this.#await(place, listening));
    this.#until(this.#beat(leader, beatMs));
  }

  /** The program has exited. */
  end(): void {
    this.#over.abort();
    this.channel.destroy();
  }

  async #await(place: Place, listening: Listening): Promise<void> {
    // A program that waits for PROXY headers would complain of a connection without.
    const opening = listening.door?.takesProxy === true ? encode({ command: 'LOCAL' }) : '';
    for (let wait = FIRST_WAIT_MS; !(await accepts(place, opening)); wait = Math.min(LONGEST_WAIT_MS, wait * GROWTH))
      await this.#pause(wait);
    this.#say(listening);
  }

  async #beat(leader: number, beatMs: number): Promise<void> {
    for (;;) {
      await this.#pause(beatMs);
      const memoryBytes = await groupMemory(leader).catch(() => 0);
      this.#say({ type: 'vitals', memoryBytes, loopDelayMs: 0, answers: 0, errors: 0 });
    }
  }

  #say(message: AgentMessage): void {
    if (!this.#over.signal.aborted) this.channel.push(`${JSON.stringify(message)}\n`);
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { ref: false, signal: this.#over.signal });
  }

  /** What is cut short by the program's exit has nothing more to say. */
  #until(task: Promise<void>): void {
    task.catch((error: unknown) => {
      if (!this.#over.signal.aborted) throw error;
    });
  }
}

/**
 * Whether somebody accepts connections there. The one that finds out is ended at once, but not cut off: what the program greets
 * it with is read, since a reset is an error to it that it may not survive.
 */
function accepts(place: Place, opening: Buffer | string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(place);
    socket.on('connect', () => {
      // Where outgoing connections may take any port, one may take this, and so meet itself.
      resolve(socket.localPort !== place.port);
      socket.end(opening).resume();
    });
    socket.on('error', () => {}); // it closes
    socket.on('close', () => resolve(false));
    socket.setTimeout(CONNECT_MS, () => socket.destroy());
  });
}
