import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { HEALTH_USER_AGENT, type AgentSettings } from '../core/messages.cjs';
import type { Channel } from './channel.cjs';
import { InFlight } from './in-flight.cjs';

/** What Node publishes when an `http.Server` has read a request's head, and when it has handed the whole answer to the system. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

const MS_PER_SECOND = 1_000;

/** Tells the front how the worker is, beat by beat. It never keeps the program alive, and never fails it. */
export class Vitals {
  readonly #beatMs: number;
  readonly #channel: Channel;
  #beatenAt = performance.now();
  /** The latest that a beat was since one was told. */
  #loopDelayMs = 0;
  #memoryBytes = 0;
  #cpuSeconds = cpuSeconds();
  #toldAt = performance.now();
  #answers = 0;
  #errors = 0;
  readonly #inFlight = new InFlight();

  constructor({ beatMs, takesConnections }: AgentSettings, channel: Channel) {
    this.#beatMs = beatMs;
    this.#channel = channel;
    // Behind the proxy the front counts: it alone knows what the client got in the end.
    if (!takesConnections) return;
    subscribe('http.server.response.finish', (message) => this.#count(message as Exchange));
    subscribe('http.server.request.start', (message) => this.#began(message as Exchange));
  }

  start(): void {
    setInterval(() => this.#beat(), this.#beatMs).unref();
  }

  #beat(): void {
    const now = performance.now();
    this.#loopDelayMs = Math.max(this.#loopDelayMs, Math.round(now - this.#beatenAt - this.#beatMs));
    this.#beatenAt = now;
    if (this.#channel.isBehind) return; // to a front that is slow to read, old news would pile up
    this.#measureMemory();
    const cpu = this.#measureCpu(now);
    this.#channel.send({
      type: 'vitals',
      memoryBytes: this.#memoryBytes,
      loopDelayMs: this.#loopDelayMs,
      answers: this.#answers,
      errors: this.#errors,
      inFlight: this.#inFlight.count,
      cpuSeconds: this.#cpuSeconds,
      cpu,
    });
    this.#loopDelayMs = 0;
  }

  /** Node reads a file for it: where the program has used up its descriptors, the last known figure stands. */
  #measureMemory(): void {
    try {
      this.#memoryBytes = process.memoryUsage.rss();
    } catch {}
  }

  /** The share of one core since the last time. */
  #measureCpu(now: number): number {
    const before = this.#cpuSeconds;
    this.#cpuSeconds = cpuSeconds();
    const share = (this.#cpuSeconds - before) / Math.max(1, now - this.#toldAt);
    this.#toldAt = now;
    return Math.round(share * MS_PER_SECOND * 1_000) / 1_000;
  }

  #began({ request, response, socket }: Exchange): void {
    if (!isProbe(request)) this.#inFlight.began(socket, response);
  }

  #count({ request, response }: Exchange): void {
    if (isProbe(request)) return;
    this.#answers++;
    if (response.statusCode >= 500) this.#errors++;
  }
}

/** A health probe's answer is nobody's. */
const isProbe = ({ headers }: IncomingMessage) => headers['user-agent'] === HEALTH_USER_AGENT;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
