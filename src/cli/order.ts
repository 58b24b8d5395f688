import type { WriteStream } from 'node:tty';
import { type Request, Refusal, ask } from '../control/client.js';
import { instanceFolder } from '../control/instance-folder.js';
import { type Instance, findInstance } from '../control/instances.js';
import { failureLines } from './failure-lines.js';
import { say } from './say.js';
import { type Grammar, type VerbLine, parseVerb } from './verb-line.js';

/** How far something is, on a terminal. */
export interface Progress {
  /** Clears it away, for the result to take its place. */
  end(): void;
  /** What goes on behind the result. */
  rest(): Promise<readonly string[]>;
}

/** What a verb asks of an instance, and how it tells what came of it. */
export interface Order extends Grammar {
  readonly request: (line: VerbLine) => Request;
  /** Shows on a terminal how far it is, until it is ended. */
  readonly follow?: (instance: Instance, terminal: WriteStream) => Progress;
  /** For people. */
  readonly told: (answer: never, instance: Instance) => string;
}

/**
 * Carries out a verb that is one request to a running instance.
 *
 * @returns 0 done, 1 when the instance could not do it; all else is thrown
 */
export async function carryOut(order: Order, argv: readonly string[]): Promise<number> {
  const line = parseVerb(argv, order);
  if (typeof line === 'string') return say(line);
  const instance = await findInstance(instanceFolder(process.env).path, line.name);
  const progress = !line.isForMachines && process.stdout.isTTY ? order.follow?.(instance, process.stdout) : undefined;
  try {
    const answer = await ask(instance, order.request(line)).finally(() => progress?.end());
    const lines = line.isForMachines ? [JSON.stringify(answer)] : [order.told(answer as never, instance)];
    return say([...lines, ...((await progress?.rest()) ?? [])].join('\n'));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return complain(error, line.isForMachines);
  }
}

/** What failed, why, and the last words of the worker that did. */
function complain(refusal: Refusal, isForMachines: boolean): number {
  if (isForMachines) say(JSON.stringify({ error: refusal.details }));
  else process.stderr.write(`${failureLines(refusal, process.stderr).join('\n')}\n`);
  return 1;
}
