import type { HttpSettings } from './http-settings.js';
import type { Request } from './request.js';

/** How long an exchange may wait (ms): for more of the request, or for the answer to begin; then that takes its time. */
export function patience(
  { isWhole, isWorkersTurn }: Pick<Request, 'isWhole' | 'isWorkersTurn'>,
  isAnswered: boolean,
  { bodyTimeout, responseTimeout }: Pick<HttpSettings, 'bodyTimeout' | 'responseTimeout'>,
): number {
  if (!isWorkersTurn) return bodyTimeout;
  if (isAnswered) return Infinity;
  // A client that waits for its 100 (Continue) must not wait for ever, even where answers may take any time.
  return isWhole ? responseTimeout : Math.min(responseTimeout, bodyTimeout);
}
