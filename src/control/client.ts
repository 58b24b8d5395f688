import { Client } from 'undici';
import { type ErrorDetails, ZdlbError, messageOf, systemCode } from '../core/errors.js';
import { formatDuration } from '../core/quantity.js';
import type { Instance } from './instances.js';

/** What a front says that did not do as it was asked. */
export class Refusal extends ZdlbError {
  /** The last lines of standard error of the worker that failed, if one did. */
  readonly lastLines: readonly string[];
  /** As the front has put it. */
  readonly details: ErrorDetails;

  constructor(details: ErrorDetails) {
    super('worker', details.message);
    this.name = 'Refusal';
    this.lastLines = details.lastLines;
    this.details = details;
  }
}

/** A request to a front. */
export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  /** How long the answer may take, in milliseconds; as long as it takes, if absent. */
  readonly timeoutMs?: number;
}

interface Complaint {
  readonly error: ErrorDetails;
}

/**
 * Asks a front, and waits for its answer.
 *
 * @throws {Refusal} when it did not do it; {ZdlbError} `usage` when it did not understand, `absent` when it ended meanwhile;
 *   `busy` when it took too long
 */
export async function ask(
  { name, path: socketPath }: Instance,
  { method, path, body, timeoutMs = 0 }: Request,
): Promise<unknown> {
  const client = new Client('http://localhost', { socketPath, headersTimeout: timeoutMs, bodyTimeout: 0 });
  try {
    const answer = await client.request({
      method,
      path,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const content: unknown = await answer.body.json();
    if (answer.statusCode === 200) return content;
    throw refusalOf((content as Complaint).error);
  } catch (error) {
    if (error instanceof Refusal || isUsage(error)) throw error;
    if (systemCode(error) === 'UND_ERR_HEADERS_TIMEOUT')
      throw new ZdlbError('busy', `${name} has not answered for ${formatDuration(timeoutMs)}. Is it suspended?`);
    throw new ZdlbError('absent', `${name} went away without an answer: ${messageOf(error)}`, { cause: error });
  } finally {
    await client.destroy();
  }
}

function refusalOf(details: ErrorDetails): Error {
  return details.code === 'usage' ? new ZdlbError('usage', details.message) : new Refusal(details);
}

const isUsage = (error: unknown) => error instanceof ZdlbError && error.code === 'usage';
