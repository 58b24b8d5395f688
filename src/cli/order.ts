import { type Request, Refusal, ask } from '../control/client.js';
import { instanceFolder } from '../control/instance-folder.js';
import { type Instance, findInstance } from '../control/instances.js';
import { type Grammar, type VerbLine, parseVerb } from './verb-line.js';

/** What a verb asks of an instance, and how it tells what came of it. */
export interface Order extends Grammar {
  readonly request: (line: VerbLine) => Request;
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
  try {
    const answer = await ask(instance, order.request(line));
    return say(line.isForMachines ? JSON.stringify(answer) : order.told(answer as never, instance));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return complain(error, line.isForMachines);
  }
}

export function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

/** What failed, why, and the last words of the worker that did. */
function complain({ message, lastLines }: Refusal, isForMachines: boolean): number {
  if (isForMachines) process.stdout.write(`${JSON.stringify({ error: { message, lastLines } })}\n`);
  else process.stderr.write([`zdlb: ${message}`, ...lastLines.map((line) => `  ${line}`), ''].join('\n'));
  return 1;
}
