import { onTestFinished } from 'vitest';
import { backendAt, openRelay } from '../kit/relay.js';
import { type Case, OK, type Step, get } from './case.js';
import { type Delivery, deliver } from './delivery.js';
import { Line } from './line.js';
import { Worker } from './worker.js';

/** The request that shows that a connection is in step. */
const NEXT = get('X-Next: 1');
const REFUSAL =
  /^HTTP\/1\.1 (\d{3}) [^\r\n]+\r\nContent-Type: text\/plain\r\nContent-Length: (\d+)\r\n((?:[^\r\n]+\r\n)*)\r\n([^]*)$/;
const SHORT = 200;
/** Endings with an answer in the worker's place. */
const REPLACED: ReadonlySet<string> = new Set<Case['end']['kind']>(['refused', 'failed']);

/** One case, its bytes delivered in one way, by a relay and a worker of its own. */
export class Trial {
  readonly #case: Case;
  readonly #delivery: Delivery;
  readonly #worker: Worker;
  readonly #client: Line;
  readonly #port: number;
  readonly #close: () => void;
  /** What either side must have got so far. */
  #seen = '';
  #got = '';

  private constructor(item: Case, delivery: Delivery, worker: Worker, client: Line, port: number, close: () => void) {
    this.#case = item;
    this.#delivery = delivery;
    this.#worker = worker;
    this.#client = client;
    this.#port = port;
    this.#close = close;
  }

  /** @throws {Error} that says what came, and what should have, when the relay does anything else than the case says */
  static async run(item: Case, delivery: Delivery): Promise<void> {
    const worker = await Worker.open();
    onTestFinished(() => worker.close());
    const { port, balancer, listener } = await openRelay('http', item.settings);
    balancer.swap([backendAt(worker.port)]);
    const client = await Line.to(port);
    onTestFinished(() => void client.socket.destroy());
    await new Trial(item, delivery, worker, client, port, () => {
      balancer.swap([]);
      listener.close();
    }).#run();
    client.socket.destroy();
    worker.close();
  }

  async #run(): Promise<void> {
    for (const step of this.#case.steps) await this.#take(step);
    const { latest } = this.#worker;
    await this.#conclude();
    if (this.#case.upstream === 'closed') {
      await this.#wait(this.#worker, () => latest?.end !== undefined, "the end of the worker's connection");
    }
    await this.#followUp(latest);
    this.#close();
    if (!(await this.#worker.isQuiet())) throw this.#unlike('that all connections to the worker end with the relay');
    if (!this.#isSeen()) throw this.#unlike(`the worker to see ${JSON.stringify(this.#seen)}`);
  }

  async #take(step: Step): Promise<void> {
    const [from, to] = step.from === 'client' ? [this.#client, this.#worker] : [this.#worker.latest!, this.#client];
    const gives = step.gives.replaceAll('{port}', String(this.#port));
    if (step.from === 'client') this.#seen += gives;
    else this.#got += gives;
    const wanted = step.from === 'client' ? this.#seen : this.#got;
    await deliver(from.socket, this.#delivery, step.sends);
    if (step.ends === true) from.socket.end();
    if (gives === '') return;
    const { received } = to;
    await this.#wait(
      to,
      () => received.text.length >= wanted.length || !this.#mayBecome(received.text, wanted),
      wanted,
    );
    // The answer in the worker's place may come along; it is looked at in the end.
    const isFollowed = REPLACED.has(this.#case.end.kind) && step.from === 'worker' && received.text.startsWith(wanted);
    if (!isFollowed && !this.#isSame(received.text, wanted)) throw this.#unlike(JSON.stringify(wanted));
  }

  async #conclude(): Promise<void> {
    const { end } = this.#case;
    switch (end.kind) {
      case 'open':
        return;
      case 'closed':
        return this.#endsWith('fin', this.#got);
      case 'refused':
        await this.#endsWith('fin');
        if (end.prefix !== undefined)
          await this.#wait(this.#worker, () => this.#isCut, "the end of the worker's connection");
        return this.#checkRefusal(end.status, true, end.isHead);
      case 'failed':
        await this.#wait(this.#client, () => this.#refusal()?.isWhole === true, 'a whole answer in its place');
        return this.#checkRefusal(end.status ?? 502, false);
      case 'cut':
        return this.#checkCut(end.prefix);
      default: {
        await this.#wait(
          this.#client,
          () => this.#client.end !== undefined || this.#refusal()?.isWhole === true,
          'an end',
        );
        return this.#refusal()?.status === 502 ? this.#checkRefusal(502, false) : this.#checkCut(end.prefix);
      }
    }
  }

  /** Where the connection stays open, the next request on it must be read as the next request; elsewhere all is said. */
  async #followUp(latest: Line | undefined): Promise<void> {
    if (this.#case.end.kind !== 'open') return;
    await this.#take({ from: 'client', sends: NEXT, gives: this.#case.next ?? NEXT });
    const isKept = this.#worker.latest === latest;
    if (this.#case.upstream === 'kept' && !isKept) throw this.#unlike("the worker's connection to be used again");
    if (this.#case.upstream === 'closed' && isKept) throw this.#unlike("the worker's connection not to be used again");
    await this.#take({ from: 'worker', sends: OK, gives: OK });
    this.#client.socket.end();
    await this.#endsWith('fin', this.#got);
  }

  async #endsWith(how: 'fin' | 'reset', got?: string): Promise<void> {
    await this.#wait(this.#client, () => this.#client.end !== undefined, 'the end of the connection');
    if (this.#client.end !== how) throw this.#unlike(`a ${how}`);
    if (got !== undefined && this.#client.received.text !== got) throw this.#unlike(JSON.stringify(got));
  }

  async #checkCut(prefix = ''): Promise<void> {
    await this.#endsWith('reset');
    if (!`${this.#got}${prefix}`.startsWith(this.#client.received.text))
      throw this.#unlike(`a part of ${JSON.stringify(prefix)}`);
  }

  /** What the client got behind the answers, if it is an answer that zdlb gives in the worker's place. */
  #refusal(): { status: number; closes: boolean; isWhole: boolean; body: string } | undefined {
    const { text } = this.#client.received;
    const match = text.startsWith(this.#got) ? REFUSAL.exec(text.slice(this.#got.length)) : null;
    if (match === null) return undefined;
    const [, status, length, more = '', body = ''] = match;
    const closes = more.split('\r\n').includes('Connection: close');
    return { status: Number(status), closes, isWhole: body.length === Number(length), body };
  }

  #checkRefusal(status: number, closes: boolean, isHead = false): void {
    const refusal = this.#refusal();
    const wanted = `a short ${status}${closes ? ' with Connection: close' : ''}`;
    if (refusal === undefined || refusal.status !== status) throw this.#unlike(wanted);
    if (closes && !refusal.closes) throw this.#unlike(wanted);
    if (isHead ? refusal.body !== '' : !refusal.isWhole || refusal.body.length > SHORT) throw this.#unlike(wanted);
  }

  /** Whether every connection to the worker has been ended, before the relay is closed. */
  get #isCut(): boolean {
    return this.#worker.lines.every(({ end }) => end !== undefined);
  }

  #isSeen(): boolean {
    const { end } = this.#case;
    const { text } = this.#worker.received;
    const prefix = end.kind === 'refused' ? (end.prefix ?? '') : '';
    if (prefix !== '') return text.startsWith(this.#seen) && `${this.#seen}${prefix}`.startsWith(text);
    return this.#isSame(text, this.#seen);
  }

  #mayBecome(text: string, wanted: string): boolean {
    return this.#case.isUnordered === true || wanted.startsWith(text);
  }

  #isSame(text: string, wanted: string): boolean {
    return text === wanted || (this.#case.isUnordered === true && sorted(text) === sorted(wanted));
  }

  async #wait({ received }: Line | Worker, isMet: () => boolean, wanted: string): Promise<void> {
    if (!(await received.until(isMet))) throw this.#unlike(wanted);
  }

  #unlike(wanted: string): Error {
    const { received, end } = this.#client;
    const ends = this.#worker.lines.map((line) => line.end ?? 'open').join(', ') || 'no connection';
    return new Error(
      [
        `${this.#case.name} (RFC ${this.#case.rule}), ${this.#delivery.name}`,
        `  wanted: ${wanted}`,
        `  worker: ${JSON.stringify(this.#worker.received.text)} (${ends})`,
        `  client: ${JSON.stringify(received.text)} (${end ?? 'open'})`,
      ].join('\n'),
    );
  }
}

function sorted(text: string): string {
  return text.split('\r\n').sort().join('\r\n');
}
