import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Health } from '../core/health.js';
import type { Status } from './view/status.js';

/** What the admin port shows: an instance, as far as one may look at it. Nothing here changes anything. */
export interface Exhibit {
  health(): Health;
  /** As `zdlb status --json` shows it. */
  status(): Status;
  /** In the text format of Prometheus. */
  metrics(): Promise<string>;
  /** The last entries of the log that are zdlb's own, the oldest first: a line of JSON each. */
  events(): readonly string[];
  /** Tells these, and all to come, as server-sent events until the reader has gone. */
  tell(request: IncomingMessage, response: ServerResponse): void;
}
